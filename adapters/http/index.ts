/** HTTP, and HTTP over TLS. */
import type { z } from 'zod';
import type { Attempt } from '../../domain/failure.ts';
import { type Listener, type ListenerContext, protocol } from '../../domain/protocol.ts';
import { attempt } from '../shared/attempt.ts';
import { whyNotOpen } from '../shared/not-open.ts';
import { httpPartner, httpsPartner } from './client.ts';
import { openEndpoint } from './open.ts';
import { httpSettings, httpsSettings } from './settings.ts';

type Settings = z.infer<typeof httpSettings> | z.infer<typeof httpsSettings>;

const open = (settings: Settings, context: ListenerContext): Attempt<Listener> =>
  attempt(() => openEndpoint(settings, context), whyNotOpen(`${settings.protocol} ${settings.host}:${settings.port}`));

/** HTTP/1.1: a server for partners, and a client of theirs. Never encrypted. */
export const http = protocol({ name: 'http', port: 80, settings: httpSettings, listen: open, partner: httpPartner });

/** HTTP/1.1 and HTTP/2 over TLS: a server for partners, and a client of theirs. */
export const https = protocol({
  name: 'https',
  port: 443,
  settings: httpsSettings,
  listen: open,
  partner: httpsPartner,
});
