/** The demo's two configs as text, commented, fit to be copied for real use. */

/** The ports of the demo before the offset. */
export const ports = {
  ...{ ftp: 2121, ftps: 2990, http: 8080, https: 8443, sftp: 2222, smtp: 2525 },
  ...{ fetch: 2022, messageService: 8020 },
} as const;

/** A port that follows `--port-offset`: what stands before it, and from its comment the port that it has without. */
export const portLine = /^(\s*(?:- )?port: )\d+(?= +# (\d+) \+ --port-offset\b)/gm;

const marked = (port: number): string => `port: ${port} # ${port} + --port-offset`;

/** The config of inner, which trusts the dmz with this fingerprint; with the lines that say where its event log is. */
export const innerConfig = (
  fingerprint: string,
  eventLog: string,
): string => `# The inner server: it stands in the intranet, owns the channels and profiles, and processes the data.
# Every setting is explained in docs/configuration.md. Paths count from this file's directory.
# After a change: sallyport check --config <this file>, then restart the server.
role: inner
node: inner
data: inner

log:
  level: info # debug, info, warn, error
  format: text # or json

${eventLog}

messageService:
  # pushback: only inner ever opens a connection, so the firewall needs no hole inwards.
  mode: pushback
  ca: keys/ca.crt
  certificate: keys/inner.crt
  key: keys/inner.key
  peers:
    - node: dmz
      # As "sallyport keys show" prints it. Removing the peer from this list revokes its certificate.
      fingerprint: ${fingerprint}
      host: 127.0.0.1 # for real use: the dmz server's address
      ${marked(ports.messageService)}
      # Where files larger than streamingSize are fetched: "fetch" in the config of dmz. Both know each other by the keys above.
      fetch:
        ${marked(ports.fetch)} # for real use: 22, which is the default

# fetchVia: sftp # or ftp, or messageService
# streamingSize: 1 MiB # what is not larger travels in the message

# Partners: what they log in as, and with what. Only a verifier of the password ever reaches dmz.
channels:
  - name: demo
    login: demo
    password: { file: demo.password } # or { env: DEMO_PASSWORD }; never the password itself
    # publicKeys: ["ssh-ed25519 AAAA..."]
    # clientCertificates: ["sha256:..."]
    # temporaryNames: ["*.tmp", "*.part", "*.filepart", ".*"]
    # maxSize: 100 GiB
    # Mail to these addresses is data of the channel, too. For real use say from whom, or keep needsLogin.
    mail:
      recipients: ["demo@sallyport.example"]
      needsLogin: false

# What is done with data that arrives: the first profile whose match fits takes it.
profiles:
  - name: demo
    match: { channel: demo, name: "*" }
    responses:
      - kind: file
        directory: inner/out
`;

/** The config of dmz, which trusts the inner server with this fingerprint; with the lines that say where its event log is. */
export const dmzConfig = (
  fingerprint: string,
  eventLog: string,
): string => `# The dmz server: it stands between the internet and the intranet. Partners talk to it, and only to it.
# It knows no channel of its own: inner tells it whom to let in. Every setting is explained in docs/configuration.md.
role: dmz
node: dmz
data: dmz

log:
  level: info
  format: text

${eventLog}

messageService:
  mode: pushback
  host: 127.0.0.1 # for real use: the address that faces inner, never the one that faces the internet
  ${marked(ports.messageService)}
  ca: keys/ca.crt
  certificate: keys/dmz.crt
  key: keys/dmz.key
  peers:
    - node: inner
      fingerprint: ${fingerprint}

listeners:
  - protocol: sftp
    host: 127.0.0.1 # for real use: 0.0.0.0, or the address that faces the internet
    ${marked(ports.sftp)} # for real use: 22
  # FTP sends passwords and files in clear: for real use only where nobody can listen.
  - protocol: ftp
    host: 127.0.0.1
    ${marked(ports.ftp)} # for real use: 21
    passive:
      ports: [21000, 21100] # the data connections; the firewall must let partners in there, too
  # FTP over TLS from the first byte. "mode: explicit" begins with AUTH TLS instead, at port 21.
  - protocol: ftps
    mode: implicit
    host: 127.0.0.1
    ${marked(ports.ftps)} # for real use: 990, which is the default
    # A self-signed certificate is made unless you name yours:
    # certificate: ftps.crt
    # key: ftps.key
    passive:
      ports: [21101, 21200]
  # HTTP sends passwords and files in clear, too.
  - protocol: http
    host: 127.0.0.1
    ${marked(ports.http)} # for real use: 80
  - protocol: https
    host: 127.0.0.1
    ${marked(ports.https)} # for real use: 443
    # A self-signed certificate is made unless you name yours:
    # certificate: https.crt
    # key: https.key

  # Mail; what the channels of inner say decides for whom. TLS begins with STARTTLS.
  - protocol: smtp
    host: 127.0.0.1
    ${marked(ports.smtp)} # for real use: 25, which is the default

# For inner alone: files larger than streamingSize, to be fetched.
fetch:
  sftp:
    host: 127.0.0.1 # for real use: the address that faces inner, never the one that faces the internet
    ${marked(ports.fetch)} # for real use: 22

limits:
  newSessionsPerMinute: 1000 # for a demo from one address; for real use leave the default of 100
`;
