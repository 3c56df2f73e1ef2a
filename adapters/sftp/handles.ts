/** What a client has open. Handles are numbers of ours, never reused; a client may hold 256. */
import type { Refusal } from '../../domain/failure.ts';
import type { Download, Entry, Upload } from '../../domain/intake.ts';

/**
 * An open file or directory. `refusal` is why an upload has already failed: it is told at every later request. `closing`:
 * the client has closed it, which holds even where it leaves before that is answered.
 */
export type Open =
  | { readonly kind: 'upload'; readonly upload: Upload; readonly append: boolean; refusal?: Refusal }
  | { readonly kind: 'download'; readonly download: Download; readonly entry: Entry; closing?: true }
  | { readonly kind: 'directory'; readonly entries: readonly Entry[]; next: number };

/** The open handles of one channel. */
export type Handles = {
  readonly full: () => boolean;
  readonly add: (open: Open) => Buffer;
  readonly get: (id: number) => Open | undefined;
  readonly remove: (id: number) => void;
  /** Gives up all that is open: unfinished uploads deliver nothing. */
  readonly abandon: () => Promise<void>;
};

const most = 256;

/** The number of a handle, or -1 for one that cannot be ours. */
export const handleId = (handle: Buffer): number => (handle.length === 4 ? handle.readUInt32BE(0) : -1);

/** An empty table. */
export const handleTable = (): Handles => {
  const table = new Map<number, Open>();
  let last = 0;
  return {
    full: () => table.size >= most,
    add: (open) => {
      last = (last + 1) >>> 0;
      table.set(last, open);
      const handle = Buffer.alloc(4);
      handle.writeUInt32BE(last);
      return handle;
    },
    get: (id) => table.get(id),
    remove: (id) => void table.delete(id),
    abandon: async () => {
      const all = [...table.values()];
      table.clear();
      await Promise.all(all.map(giveUp));
    },
  };
};

const giveUp = async (open: Open): Promise<void> => {
  if (open.kind === 'upload') await open.upload.abandon();
  if (open.kind === 'download') await open.download.close({ taken: open.closing === true });
};
