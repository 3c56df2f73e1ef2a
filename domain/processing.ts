/** The steps of a profile: what inner does with a payload between taking it and sending the result on. */
import { z } from 'zod';
import { type Failure, permanent, temporary } from './failure.ts';
import { templateProblem } from './rename.ts';
import { duration, filePath, size } from './units.ts';

const program = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^(\/.*|[^/]+)$/s, 'the program is an absolute path, or a name without "/" that is looked up in PATH');

/** Runs a program of the operator's. At least once: a try that was cut off is repeated. */
export const runStep = z.strictObject({
  kind: z.literal('run'),
  command: z
    .tuple([program], z.string().max(32_768))
    .describe('The program and its arguments. No shell looks at them.'),
  timeLimit: duration.prefault('10m').describe('After this it is ended, and counts as failed.'),
  directory: filePath.optional().describe('Where it works; absent: in a private directory that is removed afterwards.'),
  result: z
    .enum(['keep', 'stdout', 'file'])
    .default('keep')
    .describe('keep: the payload stays as it is. stdout or file: what it prints, or writes to $SALLYPORT_RESULT.'),
  maxResult: size.prefault('100 GiB').describe('Largest result.'),
  permanentExitCodes: z
    .array(z.number().int().min(1).max(255))
    .max(255)
    .default([])
    .describe('Exit codes after which no other try helps. Any other than 0 is tried again.'),
});
export type RunStep = z.infer<typeof runStep>;

/** Gives the payload another name. */
export const renameStep = z.strictObject({
  kind: z.literal('rename'),
  template: z
    .string()
    .min(1)
    .max(1000)
    .superRefine((template, context) => {
      const message = templateProblem(template);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .describe('The new name, with {name}, {stem}, {ext}, {channel}, {date}, {time} and {id}.'),
});

/** Records what a delivery report says at the transfer whose mail it is about. */
export const readReportStep = z.strictObject({ kind: z.literal('readReport') });

/** Takes a mail apart: each of its attachments becomes a transfer of its own. */
export const splitStep = z.strictObject({
  kind: z.literal('split'),
  into: z.literal('attachments').default('attachments').describe('What the mail is taken apart into.'),
  texts: z.boolean().default(false).describe("The mail's own texts, too, each as a file."),
  withoutAttachments: z
    .enum(['hold', 'pass'])
    .default('hold')
    .describe('What becomes of a mail that has none. pass: it goes on, and there is nothing to make.'),
});
export type SplitStep = z.infer<typeof splitStep>;

/** Any step of a profile. */
export const processingStep = z.discriminatedUnion('kind', [runStep, renameStep, splitStep, readReportStep], {
  error: 'kind must be run, rename, split or readReport',
});
export type ProcessingStep = z.infer<typeof processingStep>;

/** How a program ended. */
export type ProgramExit =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'timeLimit' };

/** What the end of a program means: undefined where it did its work. `said` is the last line of its standard error. */
export const exitFailure = (step: RunStep, exit: ProgramExit, said: string): Failure | undefined => {
  const [program] = step.command;
  const text = (how: string): string => `${program} ${how}${said === '' ? '' : `: ${said}`}`;
  switch (exit.kind) {
    case 'timeLimit':
      return temporary('timeLimit', text(`was ended after its time limit of ${step.timeLimit / 1000} s`));
    case 'signal':
      return temporary('signal', text(`was ended by ${exit.signal}`));
    case 'code':
      if (exit.code === 0) return undefined;
      return step.permanentExitCodes.includes(exit.code)
        ? permanent('exitCode', text(`failed for good with exit code ${exit.code}`))
        : temporary('exitCode', text(`failed with exit code ${exit.code}`));
  }
};
