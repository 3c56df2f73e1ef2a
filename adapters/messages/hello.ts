/** The hello: what each side says of itself before anything else is asked. */
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { type Refusal, refusal } from '../../domain/failure.ts';
import type { Peer } from '../../domain/message.ts';
import type { Role } from '../../domain/role.ts';
import { decodeOne, encodeOne } from './codec.ts';

/** Raised with every change that an older server would not understand. */
export const protocolVersion = 6;

/** What a connection is for: everything small, or payloads, or what is passed through; nothing of one waits behind another. */
export type Lane = z.infer<typeof lane>;
const lane = z.enum(['events', 'bulk', 'through']);

/** Who I am; `instance` is new with every start of a server. */
export type Hello = {
  readonly role: Role;
  readonly node: string;
  readonly version: number;
  readonly instance: string;
  readonly lane: Lane;
};

const hello = z.strictObject({
  role: z.enum(['inner', 'dmz']),
  node: z.string().max(63),
  version: z.literal(protocolVersion),
  instance: z.string().max(64),
  lane,
});

/** A hello on the wire. */
export const encodeHello = (said: Hello): Uint8Array => encodeOne(said);

/** Decodes a hello; refuses another version, and a name that is not the one in the certificate. */
export const decodeHello = (body: Uint8Array, certified: Peer): Either<Refusal, Hello> => {
  let raw: unknown;
  try {
    raw = decodeOne(body);
  } catch {
    return left(refusal('invalid', 'The hello is not CBOR.'));
  }
  const version = z.looseObject({ version: z.number() }).safeParse(raw).data?.version;
  if (version !== undefined && version !== protocolVersion)
    return left(
      refusal(
        'invalid',
        `${certified.node} speaks version ${version} of the message service, this server ${protocolVersion}; update the older one.`,
      ),
    );
  const said = hello.safeParse(raw);
  if (!said.success) return left(refusal('invalid', 'The hello is not understood.'));
  if (said.data.role !== certified.role || said.data.node !== certified.node)
    return left(
      refusal('notPermitted', `The hello is not that of ${certified.node}, whose certificate it comes with.`),
    );
  return right(said.data);
};
