/** Figures counted from the rows of transfers: how each partner's transfers stand, and how many there were in each hour. */
import type { TransferRow } from '../domain/control.ts';
import type { PartnerFigures, RateFigures } from '../domain/figures.ts';
import type { Change, Summary } from '../domain/ports.ts';

type Moved = Change<TransferRow>;

/** The hours that are kept of each channel, as a ring: a newer one takes the place of that so many hours before. */
const keptHours = 31 * 24;
const hourLength = 3_600_000;

const failedEnds = ['abandoned', 'expired'];
const failed = (row: TransferRow | undefined): boolean =>
  row !== undefined && (row.state === 'held' || failedEnds.includes(row.state));
const succeeded = (row: TransferRow | undefined): boolean => row?.ended === true && !failedEnds.includes(row.state);

/** 1 where it has come to be so, -1 where it is so no more. */
const turned = (before: boolean, after: boolean): number => Number(after) - Number(before);
const isNew = (is: (row: TransferRow | undefined) => boolean, { before, after }: Moved): boolean =>
  is(after) && !is(before);

/** One row a channel. */
export const partnersSummary: Summary<TransferRow, PartnerFigures> = {
  name: 'partners',
  indexes: { channel: (row) => row.channel },
  keysOf: ({ before, after }) => (before?.state === after.state ? [] : [after.channel]),
  count: (row, change, channel) => {
    const { before, after } = change;
    const so = row ?? { ...none, channel };
    const done = turned(succeeded(before), succeeded(after));
    return {
      ...so,
      transfers: so.transfers + (before === undefined ? 1 : 0),
      open: so.open + turned(before?.ended === false, !after.ended),
      held: so.held + turned(before?.state === 'held', after.state === 'held'),
      succeeded: so.succeeded + done,
      bytes: so.bytes + done * after.size,
      lastSuccess: isNew(succeeded, change) ? latest(so.lastSuccess, after.updatedAt) : so.lastSuccess,
      ...(isNew(failed, change) ? { lastFailure: latest(so.lastFailure, after.updatedAt), why: after.reason } : {}),
    };
  },
};

const none = {
  transfers: 0,
  open: 0,
  held: 0,
  succeeded: 0,
  bytes: 0,
  lastSuccess: null,
  lastFailure: null,
  why: null,
};

const latest = (a: number | null, b: number): number => Math.max(a ?? 0, b);

/** One row a channel and hour, bounded: what began, what ended well and with how many bytes, what failed in it. */
export const ratesSummary: Summary<TransferRow, RateFigures> = {
  name: 'rates',
  indexes: { hour: (row) => row.hour, channel: (row) => row.channel },
  keysOf: (change) => {
    const { before, after } = change;
    const times = [
      ...(before === undefined ? [after.createdAt] : []),
      ...(isNew(succeeded, change) || isNew(failed, change) ? [after.updatedAt] : []),
    ];
    return [...new Set(times.map((at) => slotOf(after.channel, at)))];
  },
  count: (row, change, key) => {
    const { before, after } = change;
    const began = hourOf(after.createdAt);
    const hour =
      began === hourOf(after.updatedAt) || slotOf(after.channel, began) === key ? began : hourOf(after.updatedAt);
    // What is older than what has its place now is not shown any more.
    if (row !== undefined && row.hour > hour) return row;
    const so = row?.hour === hour ? row : { channel: after.channel, hour, began: 0, succeeded: 0, failed: 0, bytes: 0 };
    const here = (time: number): boolean => hourOf(time) === hour;
    const done = isNew(succeeded, change) && here(after.updatedAt);
    return {
      ...so,
      began: so.began + (before === undefined && here(after.createdAt) ? 1 : 0),
      succeeded: so.succeeded + (done ? 1 : 0),
      failed: so.failed + (isNew(failed, change) && here(after.updatedAt) ? 1 : 0),
      bytes: so.bytes + (done ? after.size : 0),
    };
  },
};

const hourOf = (at: number): number => Math.floor(at / hourLength) * hourLength;
const slotOf = (channel: string, at: number): string => `${channel}\n${Math.floor(at / hourLength) % keptHours}`;
