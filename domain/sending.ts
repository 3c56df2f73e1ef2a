/** How a file gets its name at a partner's server, and what is done where that is in doubt. */
import { z } from 'zod';

/** A channel's rules for sending. */
export const sendingRules = z.strictObject({
  temporaryName: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^/\p{Cc}]+$/u, 'a file name')
    .refine((template) => template.includes('{id}') || template.includes('{name}'), 'needs {id} or {name}')
    .default('.{id}.part')
    .describe(
      'Name under which a file is written before it gets its own: {name} and {id} (of the transfer) are filled in.',
    ),
  ifExists: z
    .enum(['hold', 'replace'])
    .default('hold')
    .describe('Where the partner already has a file of that name: hold the transfer, or replace the file.'),
  onUnknownOutcome: z
    .enum(['hold', 'resend'])
    .default('hold')
    .describe('Where neither name is found after a break: a person decides, or it is sent again.'),
});
export type SendingRules = z.infer<typeof sendingRules>;

/** The temporary name of a transfer's file. */
export const temporaryName = ({ temporaryName: template }: SendingRules, id: string, name: string): string =>
  template.replaceAll('{id}', id).replaceAll('{name}', name);
