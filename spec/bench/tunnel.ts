/** The other side of pass-through: nginx, and behind it a service that is reached by `ssh -R`, which the service's host has opened. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/free-port.ts';
import { startNginx, startSshd } from '../support/partner-servers.ts';
import { until } from '../support/until.ts';

/** Starts nginx → `ssh -R` → the service at a port; `stored`: uploads to `/stored/` are kept in files, each before its answer. */
export const startTunnel = async (service: number): Promise<{ readonly port: number; end(): Promise<void> }> => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-tunnel-'));
  const sshd = await startSshd();
  const inwards = await freePort();
  const identity = join(directory, 'identity');
  await writeFile(identity, sshd.credentials.privateKey ?? '', { mode: 0o600 });
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'ExitOnForwardFailure=yes'];
  const ways = ['-N', '-R', `127.0.0.1:${inwards}:127.0.0.1:${service}`, '-p', String(sshd.port), '-i', identity];
  const ssh = spawn('ssh', [...ways, ...options.flatMap((each) => ['-o', each]), `${sshd.login}@127.0.0.1`], {
    stdio: 'ignore',
  });
  await until('the tunnel is there', async () => {
    const socket = connect(inwards, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    return true;
  });
  const streaming = ['proxy_http_version 1.1;', 'proxy_set_header Connection "";', 'proxy_request_buffering off;'];
  const nginx = await startNginx({
    upstreams: ['keepalive_requests 1000000;', `upstream inwards { server 127.0.0.1:${inwards}; keepalive 64; }`],
    more: [
      `location /site/ { auth_basic off; proxy_pass http://inwards/; ${streaming.join(' ')} proxy_max_temp_file_size 0; }`,
      'location /ok { auth_basic off; return 201; }',
      'location /stored/ { auth_basic off; client_body_in_file_only on; proxy_pass_request_body off;',
      'proxy_set_header Content-Length ""; proxy_pass http://127.0.0.1:$server_port/ok; }',
    ],
  });
  return {
    port: nginx.port,
    end: async () => {
      const exit = once(ssh, 'exit');
      ssh.kill();
      await exit;
      await nginx.stop();
      await sshd.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
