/** What a directory holds: as JSON, or as a page with a form to deliver files. */
import type { Entry } from '../../domain/intake.ts';
import { answered, type Exchange, type Outcome } from './exchange.ts';
import { type Html, html } from './html.ts';
import { everywhere } from './replies.ts';
import { homePath } from './target.ts';

/** Lists it, in JSON an entry a line. */
export const list = ({ session, target }: Exchange): Outcome =>
  answered(session.list(target.name), (entries) => {
    const lines = entries.map(({ name, kind, size, modified, incomplete }) =>
      JSON.stringify({
        ...{ name, kind, size, modified: new Date(modified).toISOString() },
        ...(incomplete === true ? { incomplete } : {}),
      }),
    );
    const { channel } = session;
    const begin = JSON.stringify({ channel, path: target.name }).slice(0, -1);
    const body = `${begin},"entries":[${lines.map((line) => `\n${line}`).join(',')}\n]}\n`;
    const page = { title: `${channel}: ${target.name}`, content: content(channel, target.name, entries) };
    return { status: 200, headers: { ...everywhere, 'content-type': 'application/json' }, body, page };
  });

const content = (channel: string, path: string, entries: readonly Entry[]): Html => {
  const here = homePath(channel, path === '/' ? '/' : `${path}/`);
  const row = ({ name, kind, size, modified, incomplete }: Entry): Html => {
    const shown = kind === 'directory' ? `${name}/` : name;
    const address = here + encodeURIComponent(name) + (kind === 'directory' ? '/' : '');
    const linked = incomplete === true ? html`${shown} (not complete)` : html`<a href="${address}">${shown}</a>`;
    const time = new Date(modified).toISOString();
    return html`<tr><td>${linked}</td><td>${kind === 'directory' ? '' : size}</td><td><time>${time}</time></td></tr>\n`;
  };
  const up = homePath(channel, path.slice(0, path.lastIndexOf('/') + 1));
  return html`${path === '/' ? [] : html`<p><a href="${up}">One directory up</a></p>\n`}
<table><caption>${entries.length === 0 ? 'There are no files here.' : 'Files'}</caption>
<thead><tr><th scope="col">Name</th><th scope="col">Bytes</th><th scope="col">Modified</th></tr></thead>
<tbody>
${entries.map(row)}</tbody></table>
<h2>Deliver files</h2>
<form method="post" action="${here}" enctype="multipart/form-data">
<p><label for="file">Files</label> <input id="file" type="file" name="file" multiple required></p>
<p><button type="submit">Deliver</button></p>
</form>`;
};
