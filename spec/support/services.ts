/** Services of an intranet for tests: nginx, and routes that lead to it. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type PartnerServer, startNginx } from './partner-servers.ts';

/** nginx as it stands before an intranet's services: it shows files, takes them, tells what it was asked, and refuses. */
export const startService = async (more: readonly string[] = []): Promise<PartnerServer> => {
  const server = await startNginx({
    more: [
      'location / { auth_basic off; create_full_put_path on; }',
      `location /told { auth_basic off; default_type text/plain; return 200 "${told}"; }`,
      'location /slow { auth_basic off; limit_rate 1k; }',
      'location /moved { auth_basic off; absolute_redirect on; return 302 /base/there; }',
      'location /private { auth_basic files; }',
      ...more,
    ],
  });
  await mkdir(join(server.disk, 'base'));
  await server.own(join(server.disk, 'base'));
  return server;
};

const names = [
  ...['host', 'forwarded', 'x_forwarded_for', 'x_real_ip', 'via', 'connection', 'te', 'keep_alive', 'x_hop', 'x_own'],
  ...['authorization', 'sallyport_channel', 'cookie', 'expect', 'upgrade'],
];
const told = ['$request_method $request_uri', ...names.map((name) => `${name}=$http_${name}`)].join('|');
