/** Notifications: alarms that are sent to the people who must see to them. */
import { z } from 'zod';
import { plainName } from './channel.ts';
import type { JsonObject } from './ports.ts';
import { duration } from './units.ts';

/** Where inner's config says that alarms go to. */
export const notificationSettings = z.strictObject({
  channel: plainName.describe('The channel whose partner they are for: a mailbox, as a rule.'),
  viaDmz: z.boolean().default(false).describe('Sent by inner itself; true: by dmz.'),
  collectFor: duration
    .prefault('1m')
    .refine((ms) => ms >= 1_000 && ms <= 86_400_000, 'from 1s to 1d')
    .describe('The alarms of so long go together.'),
});
export type NotificationSettings = z.infer<typeof notificationSettings>;

/** What a person must see to: when (milliseconds since 1970), what, and of what. */
export type Alarm = { readonly at: number; readonly message: string; readonly fields: JsonObject };

/** Of the alarms that wait to be sent so many are kept; the others are counted. */
export const mostAlarms = 200;
const longestLine = 2_000;

/** What is said of them: a line each, the oldest first. `others` are those that are only counted. */
export const noticeOf = (node: string, alarms: readonly Alarm[], others: number): string =>
  [
    `Alarms of ${node}. Its log has them, too.`,
    '',
    ...alarms.map(lineOf),
    ...(others > 0 ? [`and ${others} more, which stand in the log only`] : []),
    '',
  ].join('\r\n');

const lineOf = ({ at, message, fields }: Alarm): string => {
  const said = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const line = [new Date(at).toISOString(), message, ...said].join(' ').replaceAll(/\p{Cc}/gu, ' ');
  return line.length > longestLine ? `${line.slice(0, longestLine)}…` : line;
};

/** The name of the file that says it. */
export const noticeName = (at: number): string =>
  `alarms-${new Date(at).toISOString().slice(0, 19).replaceAll(':', '-')}Z.txt`;
