/** What a protocol is to the gateway: one folder in adapters/, one line in adapters/protocols.ts. */
import type { z } from 'zod';
import type { PassThrough } from './exchange.ts';
import type { Attempt } from './failure.ts';
import type { Intake } from './intake.ts';
import type { PartnerProtocol } from './partner.ts';
import type { Clock, Log } from './ports.ts';

/** A running endpoint. */
export interface Listener {
  /** Where it really listens (the port may have been 0). */
  readonly address: { readonly host: string; readonly port: number };
  /** Takes no more connections; answers when the running ones have ended or `graceMs` is over, which ends them. */
  close(graceMs: number): Promise<void>;
}

/** What a listener is given beside its settings. `directory` is where it may keep its host keys. */
export type ListenerContext = {
  readonly intake: Intake;
  readonly log: Log;
  readonly clock: Clock;
  readonly directory: string;
  /** How HTTP endpoints pass requests through to services of the intranet; absent: they do not. */
  readonly passThrough?: PassThrough | undefined;
};

/** A protocol, its settings type closed over, so that the registry is one list of one type. */
export type Protocol = {
  readonly name: string;
  /** Schema of the settings of one endpoint in config, `protocol`, `host` and `port` included. */
  readonly settings: z.ZodType;
  /** The standard port, the default of `port`. */
  readonly port: number;
  listen(settings: unknown, context: ListenerContext): Attempt<Listener>;
  /** First and last port of an endpoint's data connections, where it has such. */
  readonly dataPorts?: (settings: unknown) => readonly [number, number];
  /** How we are a client of partners' own servers, where we can be. */
  readonly partner?: PartnerProtocol;
};

/** Makes a protocol from one whose `listen` takes its own settings type. */
export const protocol = <S extends z.ZodType>(definition: {
  readonly name: string;
  readonly port: number;
  readonly settings: S;
  readonly listen: (settings: z.infer<S>, context: ListenerContext) => Attempt<Listener>;
  readonly dataPorts?: (settings: unknown) => readonly [number, number];
  readonly partner?: PartnerProtocol;
}): Protocol => ({
  ...definition,
  listen: (settings, context) => definition.listen(definition.settings.parse(settings), context),
});
