/** The calls that read: the audit, figures, read models. */
import { z } from 'zod';
import type { AuditEntry, AuditFilter, AuditPage } from '../../domain/audit.ts';
import { plainName } from '../../domain/channel.ts';
import type { ProjectionLine, RatesFilter } from '../../domain/control-figures.ts';
import type { PartnerFigures, RateFigures } from '../../domain/figures.ts';

const text = (longest: number) => z.string().max(longest);
const count = z.number().int().nonnegative();
const pageOf = (most: number) => z.number().int().positive().max(most);

const place = z.tuple([z.number(), text(600)]).readonly();
const auditFilter = z.strictObject({
  channel: plainName.optional(),
  scenario: text(64).optional(),
  state: text(64).optional(),
  protocol: text(64).optional(),
  name: text(255).optional(),
  from: count.optional(),
  to: count.optional(),
  transfer: z
    .string()
    .regex(/^[0-9a-hjkmnp-tv-z]{1,26}$/, 'a transfer id, or its beginning')
    .optional(),
  text: text(255).optional(),
  oldestFirst: z.boolean().optional(),
  limit: pageOf(500),
  after: place.optional(),
}) satisfies z.ZodType<AuditFilter>;

const entry = z.strictObject({
  transfer: text(64).nullable(),
  scenario: text(64).nullable(),
  state: text(64).nullable(),
  channel: text(64).nullable(),
  protocol: text(64).nullable(),
  name: text(4096).nullable(),
  at: z.number(),
  node: text(64),
  stream: text(512),
  revision: count,
  event: text(64),
  login: text(200).nullable(),
  address: text(64).nullable(),
  fingerprint: text(128).nullable(),
  cause: text(100).nullable(),
  detail: text(16_384),
}) satisfies z.ZodType<AuditEntry>;

const page = z.strictObject({
  entries: z.array(entry).max(600_000),
  taken: count,
  next: place.nullable(),
}) satisfies z.ZodType<AuditPage>;

const partner = z.strictObject({
  channel: text(64),
  ...{ transfers: count, open: count, held: count, succeeded: count, bytes: count },
  lastSuccess: z.number().nullable(),
  lastFailure: z.number().nullable(),
  why: text(2000).nullable(),
}) satisfies z.ZodType<PartnerFigures>;

const rate = z.strictObject({
  channel: text(64),
  hour: z.number(),
  ...{ began: count, succeeded: count, failed: count, bytes: count },
}) satisfies z.ZodType<RateFigures>;

const ratesFilter = z.strictObject({
  channel: plainName.optional(),
  from: count.optional(),
  to: count.optional(),
  limit: pageOf(10_000),
}) satisfies z.ZodType<RatesFilter>;

const line = z.strictObject({
  name: text(64),
  version: count,
  rows: count,
  bytes: count,
  checkpoint: text(200).nullable(),
  passed: count,
  behind: count,
  summaries: z.array(text(64)).max(20),
  rebuild: z.strictObject({ done: count, of: count, failed: text(1000).nullable() }).nullable(),
}) satisfies z.ZodType<ProjectionLine>;

const names = z.array(text(64)).max(100);

/** What each call takes and gives, by its path. */
export const figuresCalls = {
  audit: { input: auditFilter, output: page },
  partners: {
    input: z.strictObject({ after: plainName.optional(), limit: pageOf(10_000) }),
    output: z.array(partner).max(10_000),
  },
  rates: { input: ratesFilter, output: z.array(rate).max(10_000) },
  projections: { input: z.strictObject({}), output: z.array(line).max(100) },
  rebuild: { input: z.strictObject({ names, login: text(128) }), output: names },
} as const;
