/** What of a server outlives its crash: its log, its payloads, its read models (perhaps not their newest rows), its wall clock. */
import type { StoredEvent } from '../../adapters/eventlog/protocol.ts';
import type { MemoryDisk } from '../support/memory-payload-store.ts';
import type { MemoryTable } from '../support/memory-read-models.ts';
import type { Random } from './random.ts';

/** The durable part of a server. */
export type Disk = {
  readonly events: StoredEvent[];
  readonly payloads: MemoryDisk;
  readonly tables: Map<string, MemoryTable>;
  /** How to take the newest changes of the read models back, oldest first. */
  readonly undo: (() => void)[];
  readonly wall: { offset: number };
};

/** A new disk. */
export const emptyDisk = (): Disk => ({
  events: [],
  payloads: { committed: new Map(), partials: new Map() },
  tables: new Map(),
  undo: [],
  wall: { offset: 0 },
});

const longestUndo = 40;

/** Remembers how the rows of these tables are now, so that a crash can bring them back together. */
export const rememberRows = (disk: Disk, changed: ReadonlyMap<string, ReadonlyMap<string, unknown>>): void => {
  const backs = [...changed].flatMap(([name, rows]) => {
    const table = disk.tables.get(name);
    return table === undefined ? [] : [backTo(table, rows.keys())];
  });
  disk.undo.push(() => {
    for (const back of backs) back();
  });
  if (disk.undo.length > longestUndo) disk.undo.shift();
};

const backTo = (table: MemoryTable, keys: Iterable<string>): (() => void) => {
  const { rows, checkpoint, passed } = table;
  const before = [...keys].map((key) => [key, rows.get(key)] as const);
  return () => {
    for (const [key, row] of before) {
      if (row === undefined) rows.delete(key);
      else rows.set(key, row);
    }
    table.checkpoint = checkpoint;
    table.passed = passed;
  };
};

/** What a power cut does: the newest rows may be gone, in their order, and unfinished payloads shorter or gone. */
export const loseWhatIsNotDurable = (disk: Disk, random: Random): void => {
  const lost = random.chance(0.5) ? random.int(disk.undo.length + 1) : 0;
  for (let i = 0; i < lost; i += 1) disk.undo.pop()?.();
  disk.undo.length = 0;
  for (const [key, bytes] of disk.payloads.partials) {
    if (random.chance(0.3)) disk.payloads.partials.delete(key);
    else disk.payloads.partials.set(key, bytes.slice(0, random.int(bytes.length + 1)));
  }
};
