/** What is asked of the read models: the audit, figures, how they are, and that they be built anew. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import type { FiguresControl, ProjectionLine } from '../domain/control-figures.ts';
import type { Attempt } from '../domain/failure.ts';
import type { PartnerFigures } from '../domain/figures.ts';
import type { AnyProjection } from '../domain/ports.ts';
import { partnersSummary, ratesSummary } from '../projections/figures.ts';
import { type AuditNeeds, auditing } from './audit.ts';
import type { Projector } from './projector.ts';
import type { Rebuilds } from './rebuild.ts';
import { asRefusal } from './refusals.ts';
import { orThrow } from './unwrap.ts';

/** What it rests on. */
export type FiguresNeeds = AuditNeeds & { readonly projector: Projector; readonly rebuilds: Rebuilds };

const behindAtMost = 1_000;
const latestTime = 999_999_999_999_999;

/** Makes that part of the control surface. */
export const figuresOf = (needs: FiguresNeeds): FiguresControl => {
  const { models, eventLog, projector, rebuilds } = needs;
  const settled =
    <A>(ask: () => Attempt<A>) =>
    async () => {
      await projector.settled(needs.streams.position());
      const answer = await ask()();
      return isLeft(answer) ? left(asRefusal(answer.left)) : right(answer.right);
    };

  const lineOf = async (projection: AnyProjection): Promise<ProjectionLine> => {
    const { name, version, summaries = [] } = projection;
    const { rows, bytes, passed } = orThrow(await models.state(projection)());
    const checkpoint = projector.checkpointOf(projection);
    const behind = orThrow(await eventLog.readAll({ after: checkpoint, limit: behindAtMost })()).length;
    return {
      ...{ name, version, rows, bytes, passed, behind, checkpoint: checkpoint ?? null },
      summaries: summaries.map((each) => each.name),
      rebuild: rebuilds.progressOf(name) ?? null,
    };
  };

  return {
    audit: auditing(needs),
    partners: ({ after, limit }) =>
      settled(() =>
        models.query<PartnerFigures>(partnersSummary, {
          ...{ where: { channel: {} }, orderBy: 'channel', limit },
          ...(after === undefined ? {} : { after: [after, after] }),
        }),
      ),
    rates: ({ channel, from = 0, to = latestTime, limit }) =>
      settled(() =>
        models.query(ratesSummary, {
          where: { hour: { from, to }, ...(channel === undefined ? {} : { channel }) },
          ...{ orderBy: 'hour', descending: true, limit },
        }),
      ),
    projections: () => async () => {
      const lines: ProjectionLine[] = [];
      for (const projection of projector.projections) lines.push(await lineOf(projection));
      return right(lines);
    },
    rebuild: (names, login) => () => rebuilds.start(names, login),
  };
};
