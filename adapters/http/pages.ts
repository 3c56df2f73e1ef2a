/** Answers as pages, for those who come with a browser: without scripts, and with nothing from elsewhere. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Html, html } from './html.ts';
import type { Reply } from './replies.ts';

const style =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}' +
  'table{border-collapse:collapse}th,td{text-align:left;padding:.2rem 2rem .2rem 0;overflow-wrap:anywhere}';

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'same-origin',
};

/** Would whoever asks rather read a page? Programs say that they take anything, and get JSON. */
const reads = (request: IncomingMessage): boolean =>
  (request.headers.accept ?? '')
    .split(',')
    .some((each) => /^[ \t]*text\/html[ \t]*(;|$)/i.test(each) && !/;[ \t]*q=0(\.0*)?[ \t]*(;|$)/i.test(each));

const whole = (title: string, content: Html): string =>
  html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>${style}</style></head>
<body><main><h1>${title}</h1>
${content}
</main></body>
</html>
`.markup;

/** An answer in the form that whoever asks can read. */
export const inForm = (request: IncomingMessage, { page, ...reply }: Reply): Reply => {
  if (page === undefined) return reply;
  const varied = { ...reply.headers, vary: 'Accept' };
  return reads(request)
    ? { ...reply, headers: { ...varied, ...headers }, body: whole(page.title, page.content) }
    : { ...reply, headers: varied };
};
