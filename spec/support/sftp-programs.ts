/** Six programs of partners that speak SFTP, each given the same jobs in its own words. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lftpCareless, openSsh } from './clients.ts';
import { type Ran, run } from './run.ts';
import { type Pair, password } from './servers.ts';

/** A partner's job. `put` sends a whole file, `reput` goes on with one that was cut. Paths are the partner's. */
export type Job =
  | { readonly do: 'put' | 'reput' | 'get'; readonly local: string; readonly remote: string }
  | { readonly do: 'list'; readonly directory: string }
  | { readonly do: 'rename'; readonly from: string; readonly to: string };

/** A program: does jobs in one session where it can; its output holds the listings. */
export type Program = {
  readonly name: string;
  readonly resumes: boolean;
  readonly perform: (pair: Pair, jobs: readonly Job[]) => Promise<Ran>;
};

const sftp: Program = {
  name: 'OpenSSH sftp',
  resumes: true,
  perform: (pair, jobs) =>
    openSsh(
      pair,
      jobs.map((job) => {
        if (job.do === 'list') return `ls -l ${job.directory}`;
        if (job.do === 'rename') return `rename ${job.from} ${job.to}`;
        return job.do === 'get' ? `get ${job.remote} ${job.local}` : `${job.do} ${job.local} ${job.remote}`;
      }),
    ),
};

/** lftp, over SFTP or whatever the URL says. */
export const lftpJobs = (url: string, settings: string, jobs: readonly Job[]): Promise<Ran> => {
  const words = jobs.map((job) => {
    if (job.do === 'list') return `ls ${job.directory}`;
    if (job.do === 'rename') return `mv ${job.from} ${job.to}`;
    if (job.do === 'get') return `get ${job.remote} -o ${job.local}`;
    return `put ${job.do === 'reput' ? '-c ' : ''}${job.local} -o ${job.remote}`;
  });
  const script = `set cmd:fail-exit yes; set net:max-retries 1; set xfer:clobber yes; ${settings}; ${words.join('; ')}; bye`;
  return run('lftp', ['--norc', '-u', `acme,${password}`, '-e', script, url]);
};

const lftp: Program = {
  name: 'lftp',
  resumes: true,
  perform: (pair, jobs) => lftpJobs(`sftp://127.0.0.1:${pair.sftpPort}`, lftpCareless, jobs),
};

/** curl, over SFTP or FTP; each job is a URL of its own in one invocation. */
export const curlJobs = (base: string, jobs: readonly Job[]): Promise<Ran> => {
  const common = ['-q', '-sS', '--insecure', '--fail-early', '-u', `acme:${password}`];
  const words = jobs.map((job) => {
    if (job.do === 'list') return [`${base}${job.directory}/`];
    if (job.do === 'rename')
      return base.startsWith('sftp')
        ? ['-Q', `rename ${job.from} ${job.to}`, '-o', '/dev/null', `${base}/`]
        : ['-Q', `RNFR ${job.from}`, '-Q', `RNTO ${job.to}`, '-o', '/dev/null', `${base}/`];
    if (job.do === 'get') return ['-o', job.local, base + job.remote];
    return [...(job.do === 'reput' ? ['-C', '-'] : []), '-T', job.local, base + job.remote];
  });
  return run(
    'curl',
    words.flatMap((each, i) => [...(i > 0 ? ['--next'] : []), ...common, ...each]),
  );
};

const curl: Program = {
  name: 'curl',
  resumes: true,
  perform: (pair, jobs) => curlJobs(`sftp://127.0.0.1:${pair.sftpPort}`, jobs),
};

const psftp: Program = {
  name: 'psftp',
  resumes: true,
  perform: async (pair, jobs) => {
    const hostKey = /ssh-ed25519[ =]*(SHA256:[^"\s]+)/.exec(pair.dmz.printed())?.[1] ?? 'none was logged';
    const batch = join(pair.directory, `psftp-${Math.random()}`);
    const words = jobs.map((job) => {
      if (job.do === 'list') return `ls ${job.directory}`;
      if (job.do === 'rename') return `mv ${job.from} ${job.to}`;
      return job.do === 'get' ? `get ${job.remote} ${job.local}` : `${job.do} ${job.local} ${job.remote}`;
    });
    await writeFile(batch, `${words.join('\n')}\nquit\n`);
    const login = ['-P', String(pair.sftpPort), '-l', 'acme', '-pw', password];
    return run('psftp', ['-batch', '-hostkey', hostKey, ...login, '-b', batch, '127.0.0.1'], {
      env: { HOME: pair.directory },
    });
  },
};

const script = `
import json, os, sys, paramiko
port, login, jobs = int(sys.argv[1]), sys.argv[2], json.load(sys.stdin)
t = paramiko.Transport(('127.0.0.1', port))
t.connect(username='acme', password=login)
s = paramiko.SFTPClient.from_transport(t)
for j in jobs:
    if j['do'] == 'list': print('\\n'.join(s.listdir(j['directory'])))
    elif j['do'] == 'rename': s.rename(j['from'], j['to'])
    elif j['do'] == 'get': s.get(j['remote'], j['local'])
    elif j['do'] == 'put': s.put(j['local'], j['remote'])
    else:
        there = s.stat(j['remote']).st_size
        with open(j['local'], 'rb') as f, s.open(j['remote'], 'ab') as r:
            f.seek(there)
            r.write(f.read())
t.close()
`;

const paramiko: Program = {
  name: 'paramiko',
  resumes: true,
  perform: (pair, jobs) =>
    run('/usr/bin/python3', ['-c', script, String(pair.sftpPort), password], { input: JSON.stringify(jobs) }),
};

const rclone: Program = {
  name: 'rclone',
  resumes: false,
  perform: async (pair, jobs) => {
    const hidden = (await run('rclone', ['obscure', password])).out.trim();
    const remote = `:sftp,host=127.0.0.1,port=${pair.sftpPort},user=acme,pass=${hidden},shell_type=none:`;
    let all: Ran = { code: 0, out: '', err: '' };
    for (const job of jobs) {
      const words =
        job.do === 'list'
          ? ['lsf', remote + job.directory]
          : job.do === 'rename'
            ? ['moveto', remote + job.from, remote + job.to]
            : job.do === 'get'
              ? ['copyto', remote + job.remote, job.local]
              : ['copyto', job.local, remote + job.remote];
      const ran = await run('rclone', ['--config', '/dev/null', '--retries', '1', ...words], {
        env: { HOME: pair.directory },
      });
      all = { code: all.code === 0 ? ran.code : all.code, out: all.out + ran.out, err: all.err + ran.err };
    }
    return all;
  },
};

/** The programs. */
export const sftpPrograms: readonly Program[] = [sftp, lftp, curl, psftp, paramiko, rclone];
