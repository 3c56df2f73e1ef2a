/** How a transfer stands, also for a partner that waits for its end. */
import { answered, type Exchange, type Outcome } from './exchange.ts';
import { json } from './replies.ts';

/** How long the partner wants to wait, within our bounds; it ends with its connection. */
export const patience = ({ target, settings, context, response }: Exchange) => {
  if (target.wait === undefined) return { signal: undefined, end: () => undefined };
  const over = new AbortController();
  const abort = (): void => over.abort();
  const cancel = context.clock.after(Math.min(target.wait, settings.longestWait), abort);
  response.once('close', abort);
  return {
    signal: over.signal,
    end: () => {
      cancel();
      response.off('close', abort);
    },
  };
};

/** Tells how it stands. */
export const tell = (exchange: Exchange): Outcome => {
  const waiting = patience(exchange);
  return answered(exchange.session.standing(exchange.target.name, waiting.signal), (found) => json(200, found)).finally(
    waiting.end,
  );
};
