/**
 * Extensions of OpenSSH. ssh2's server cannot announce any (1.17), so this reaches for its internals: the VERSION packet
 * is replaced on its way out. Guarded by spec/adapters/sftp/extensions.spec.ts; look here first when ssh2 is updated.
 * fsync@openssh.com is not announced: it would promise that bytes are durable, which only CLOSE does.
 */
import type { SFTPWrapper } from 'ssh2';

const announced: readonly (readonly [string, string])[] = [['posix-rename@openssh.com', '1']];

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const text = (value: string): readonly Buffer[] => [uint32(Buffer.byteLength(value)), Buffer.from(value)];

const plainVersion = Buffer.from([0, 0, 0, 5, 2, 0, 0, 0, 3]);
const extra = Buffer.concat(announced.flatMap(([name, data]) => [...text(name), ...text(data)]));
const fullVersion = Buffer.concat([uint32(5 + extra.length), plainVersion.subarray(4), extra]);

type Protocol = { channelData(channel: number, data: Buffer): void };
type Internals = { _protocol: Protocol; readonly outgoing: { window: number; readonly packetSize: number } };

/** Lets the VERSION packet name our extensions. Must be called before the client's INIT is read. */
export const announceExtensions = (sftp: SFTPWrapper): void => {
  const internals = sftp as unknown as Internals;
  const original = internals._protocol;
  const replacing = Object.create(original, {
    channelData: {
      value: (channel: number, data: Buffer): void => {
        internals._protocol = original;
        const { outgoing } = internals;
        const fits = outgoing.window >= extra.length && outgoing.packetSize >= fullVersion.length;
        const full = fits && data.equals(plainVersion);
        if (full) outgoing.window -= extra.length;
        original.channelData(channel, full ? fullVersion : data);
      },
    },
  }) as Protocol;
  internals._protocol = replacing;
};

/** The two paths of a posix-rename request, or undefined where the packet is malformed. */
export const renamePaths = (data: Buffer | undefined): readonly [string, string] | undefined => {
  const first = readText(data, 0);
  const second = first === undefined ? undefined : readText(data, first.end);
  return first === undefined || second === undefined ? undefined : [first.text, second.text];
};

const readText = (data: Buffer | undefined, at: number): { text: string; end: number } | undefined => {
  if (data === undefined || data.length < at + 4) return undefined;
  const end = at + 4 + data.readUInt32BE(at);
  return end > data.length ? undefined : { text: data.toString('utf8', at + 4, end), end };
};
