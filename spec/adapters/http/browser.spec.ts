import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { browsing } from '../../support/browser.ts';
import { basic, dial, urlOf } from './clients.ts';
import { endpoint } from './endpoint.ts';

const acme = { username: 'acme', password: 'secret' };
const hostile = `<img src=x onerror="document.title='taken'">'&\u202e.txt`;

describe('a person with a browser', () => {
  it('sees the files, delivers some by the form, and picks one up, over https', async () => {
    const { memory, place } = await endpoint({ protocol: 'https' });
    const home = memory.home('acme');
    home.makeDirectory('/pickup');
    home.putFile('/pickup/invoice 1.pdf', Buffer.from('an invoice'), 0);
    const [one, two] = [join(place.directory, 'one.csv'), join(place.directory, 'zwei & "drei".csv')];
    for (const file of [one, two]) await writeFile(file, file);
    await browsing(acme, async (page) => {
      const errors: string[] = [];
      page.on('console', (message) => errors.push(message.text()));
      await page.goto(urlOf(place, '', 'https'));
      expect(await page.title()).toBe('acme: /');
      await page.getByLabel('Files').setInputFiles([one, two]);
      await page.getByRole('button', { name: 'Deliver' }).click();
      await page.getByRole('heading', { name: 'Delivered' }).waitFor();
      expect(await page.getByRole('listitem').allTextContents()).toEqual(
        memory.completed.map((each) => `${each.path.slice(1)}, ${each.size} bytes: ${each.transfer}`),
      );
      await page.getByRole('link', { name: 'Back to the files' }).click();
      await page.getByRole('link', { name: 'zwei & "drei".csv' }).waitFor();
      await page.getByRole('link', { name: 'pickup/' }).click();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'invoice 1.pdf' }).click(),
      ]);
      expect(download.suggestedFilename()).toBe('invoice 1.pdf');
      expect(await readFile(await download.path(), 'utf8')).toBe('an invoice');
      await page.getByRole('link', { name: 'One directory up' }).click();
      await page.getByRole('table', { name: 'Files' }).waitFor();
      await memory.until(() => memory.closed.length === 1);
      // Chromium asks for an icon, of which there is none.
      expect(errors.filter((each) => !each.includes('404'))).toEqual([]);
    });
    expect(memory.completed.map(({ bytes }) => String(bytes))).toEqual([one, two]);
    expect(memory.closed).toEqual([{ path: '/pickup/invoice 1.pdf', taken: true }]);
  });

  it('sees hostile names as text, and nothing of another site can ask in his name', async () => {
    const { memory, place } = await endpoint();
    memory.home('acme').putFile(`/${hostile}`, Buffer.from('x'), 0);
    const ours = urlOf(place);
    const evil = createServer((_, response) => {
      const form = `<form method=post action="${ours}" enctype="multipart/form-data"><input name=f></form>`;
      response.setHeader('content-type', 'text/html');
      response.end(
        `${form}<a href="${ours}${encodeURIComponent(hostile)}">x</a><button onclick="document.forms[0].submit()">`,
      );
    }).listen(0, 'localhost');
    onTestFinished(() => void evil.close());
    await once(evil, 'listening');
    await browsing(acme, async (page) => {
      await page.goto(ours);
      expect(await page.getByRole('link').allTextContents()).toEqual([hostile.replace('\u202e', '\\u202e')]);
      expect(await page.title()).toBe('acme: /');
      for (const way of ['button', 'link'] as const) {
        await page.goto(`http://localhost:${(evil.address() as AddressInfo).port}/`);
        await page.getByRole(way).click();
        await page.getByRole('heading', { name: 'Forbidden' }).waitFor();
      }
      await page.goto(`${ours}none`);
      await page.getByRole('heading', { name: 'Not Found' }).waitFor();
    });
    expect([memory.completed, memory.closed]).toEqual([[], []]);
  });
});

describe('a page', () => {
  const ask = async (lines: readonly string[], request = 'GET /c/acme/') => {
    const { memory, place } = await endpoint();
    memory.home('acme').putFile('/a', Buffer.from('x'), 0);
    const more = lines.map((each) => `${each}\r\n`).join('');
    const answer = await (await dial(place)).ask(`${request} HTTP/1.1\r\nHost: x\r\n${basic(place)}${more}\r\n`);
    return { ...answer, closed: memory.closed };
  };

  it.each([
    ['text/html', true],
    ['text/html,application/xhtml+xml;q=0.9,*/*;q=0.8', true],
    ['application/json, text/html;q=0.0', false],
    ['*/*', false],
    ['text/htmlx', false],
  ])('is what %s asks for: %j', async (accept, page) => {
    const { head, body } = await ask([`Accept: ${accept}`]);
    expect([body.startsWith('<!doctype html>'), body.startsWith('{')]).toEqual([page, !page]);
    expect(head).toMatch(/^vary: Accept\r?$/m);
    expect(/^content-security-policy: default-src 'none';.*frame-ancestors 'none'/m.test(head)).toBe(page);
  });

  it.each([
    [['Sec-Fetch-Site: cross-site'], 'GET /c/acme/a', 403],
    [['Sec-Fetch-Site: same-site'], 'GET /c/acme/a', 403],
    [['Sec-Fetch-Site: same-origin'], 'GET /c/acme/a', 200],
    [['Sec-Fetch-Site: none'], 'GET /c/acme/a', 200],
    [['Sec-Fetch-Site: cross-site'], 'GET /c/acme/', 200],
    [['Sec-Fetch-Site: cross-site'], 'PUT /c/acme/b', 403],
    [['Origin: http://x'], 'PUT /c/acme/b', 201],
    [['Origin: http://y'], 'PUT /c/acme/b', 403],
    [['Origin: null'], 'PUT /c/acme/b', 403],
    [[], 'PUT /c/acme/b', 201],
  ] as const)('that says %j and asks %s gets %i', async (lines, request, status) => {
    expect((await ask(lines, request)).status).toBe(status);
  });
});
