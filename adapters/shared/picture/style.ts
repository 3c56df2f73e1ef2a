/** The colours of a picture, in light and in dark; each pair of text and ground has a contrast of at least 4.5. */

/** Colours by what they are for. */
export type Palette = {
  readonly [K in
    | 'page'
    | 'ink'
    | 'soft'
    | 'faint'
    | 'card'
    | 'dmz'
    | 'dmzGround'
    | 'inner'
    | 'innerGround'
    | 'held'
    | 'onMark']: string;
};

/** For light pages. */
export const light: Palette = {
  ...{ page: '#ffffff', ink: '#1b2330', soft: '#55606f', faint: '#c3cad3', card: '#ffffff' },
  ...{
    dmz: '#a84b00',
    dmzGround: '#fff4e6',
    inner: '#1756b5',
    innerGround: '#eaf2fd',
    held: '#b3123a',
    onMark: '#ffffff',
  },
};

/** For dark ones. */
export const dark: Palette = {
  ...{ page: '#11161d', ink: '#e8edf4', soft: '#a5b0be', faint: '#46505e', card: '#171e28' },
  ...{
    dmz: '#f5a14d',
    dmzGround: '#2a2018',
    inner: '#7db2ff',
    innerGround: '#172335',
    held: '#ff7d97',
    onMark: '#11161d',
  },
};

const rules = (p: Palette): string => `
.page{fill:${p.page}}
.ink{fill:${p.ink}}.soft{fill:${p.soft}}
.lane.dmz{fill:${p.dmzGround}}.lane.inner{fill:${p.innerGround}}
.name.dmz{fill:${p.dmz}}.name.inner{fill:${p.inner}}
.link{stroke:${p.soft}}
.box{fill:${p.card};stroke:${p.soft}}
.box.dmz{stroke:${p.dmz}}.box.inner{stroke:${p.inner}}.box.held{stroke:${p.held}}
.dot.dmz{fill:${p.dmz}}.dot.inner{fill:${p.inner}}
.line.dmz{stroke:${p.dmz}}.line.inner{stroke:${p.inner}}
.head.dmz{fill:${p.dmz}}.head.inner{fill:${p.inner}}
.pill{fill:${p.card}}.pill.dmz{stroke:${p.dmz}}.pill.inner{stroke:${p.inner}}
.event.dmz{fill:${p.dmz}}.event.inner{fill:${p.inner}}
.idle.box,.idle.pill{stroke:${p.faint}}.idle.line{stroke:${p.faint}}.idle.head,.idle.dot{fill:${p.faint}}
.idle.label,.idle.event{fill:${p.soft}}
.here.dmz.box{fill:${p.dmz}}.here.inner.box{fill:${p.inner}}.here.held.box{fill:${p.held}}
.halo.dmz{stroke:${p.dmz}}.halo.inner{stroke:${p.inner}}.halo.held{stroke:${p.held}}
.here.label{fill:${p.onMark}}
`;

const shapes = `
text{font-family:Helvetica,Arial,'Liberation Sans','DejaVu Sans',sans-serif}
.line{fill:none;stroke-width:1.6}.taken.line{stroke-width:2.6}.local{stroke-dasharray:5 4}
.box{stroke-width:1.6}.here.box{stroke-width:2.4}.halo{fill:none;stroke-width:3;stroke-opacity:.35}
.pill{stroke-width:1}.link{stroke-width:1.4;stroke-dasharray:2 6;stroke-linecap:round}
`;

/** The style sheet. */
export const styleSheet = `${shapes}${rules(light)}@media (prefers-color-scheme:dark){${rules(dark)}}`.replaceAll(
  '\n',
  '',
);
