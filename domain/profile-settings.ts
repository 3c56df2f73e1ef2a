/** A profile's section in inner's config: what starts it, what it does, where its results go. */
import { z } from 'zod';
import { plainName } from './channel.ts';
import { processingStep } from './processing.ts';
import { duration, filePath } from './units.ts';

const remotePath = z.string().max(4096).startsWith('/', 'a path from the top, such as /in');
const remoteDirectory = remotePath.default('/').describe('Directory at the partner.');

const response = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('file'), directory: filePath.describe('Where the result is put.') }),
    z.strictObject({
      kind: z.literal('send'),
      channel: plainName.describe('The channel whose partner it is sent to.'),
      directory: remoteDirectory,
      viaDmz: z.boolean().default(true).describe('Sent by dmz; false: by inner itself.'),
    }),
    z.strictObject({
      kind: z.literal('provide'),
      channel: plainName.describe('The channel in whose home on dmz it is shown.'),
      directory: remoteDirectory.describe('Directory of the home.'),
    }),
  ],
  { error: 'kind must be file, send or provide' },
);

const agent = z
  .strictObject({
    kind: z.literal('cron'),
    schedule: z
      .string()
      .min(1)
      .max(200)
      .describe('When: minute, hour, day of month, month, day of week; six fields begin with the second.'),
    timeZone: z.string().min(1).max(64).default('UTC').describe('Time zone of the schedule, such as Europe/Berlin.'),
    channel: plainName.describe('The channel whose partner is asked.'),
    directory: remoteDirectory,
    name: z.string().min(1).max(255).default('*').describe('File name pattern: * and ?.'),
    after: z
      .enum(['keep', 'delete', 'move'])
      .default('delete')
      .describe("What becomes of the partner's copy once it is processed."),
    moveTo: remotePath.optional().describe('With `after: move`: the directory.'),
    settle: duration
      .prefault('2s')
      .describe('A file whose size or time changes within this is left for the next time.'),
    missed: z
      .enum(['skip', 'once'])
      .default('skip')
      .describe('What becomes of times that passed while this server was down.'),
  })
  .refine((a) => (a.after === 'move') === (a.moveTo !== undefined), 'moveTo goes with after: move, and only with it')
  .refine(
    ({ directory, moveTo }) => directory !== moveTo,
    'moveTo must be another directory than the one that is looked into',
  )
  .describe('Starts the profile at set times with files that dmz fetches from a partner.');

/** One profile, as inner's config has it. */
export const profile = z.strictObject({
  name: plainName,
  match: z
    .strictObject({
      channel: plainName.optional().describe('Data of this channel only.'),
      name: z.string().min(1).max(255).default('*').describe('File name pattern: * and ?.'),
    })
    .prefault({}),
  steps: z
    .array(processingStep)
    .max(50)
    .refine((steps) => steps.filter(({ kind }) => kind === 'split').length < 2, 'a profile takes a mail apart once')
    .default([])
    .describe('What is done with the data, one after the other.'),
  agent: agent.optional(),
  responses: z.array(response).max(100).default([]),
});
