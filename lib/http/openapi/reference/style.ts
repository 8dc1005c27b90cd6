/** The reference page's only style: readable on a telephone, on paper, in the light and in the dark. */
export const STYLE = `
:root { color-scheme: light dark; --line: #8886; --soft: #8881; --accent: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --accent: #9ec1ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 0 1rem 4rem; font: 1rem/1.5 system-ui, sans-serif; }
a { color: var(--accent); }
a:focus-visible, pre:focus-visible, summary:focus-visible, .wide:focus-visible { outline: 2px solid var(--accent); }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
h3 { margin-top: 2rem; overflow-wrap: anywhere; }
h3 a { color: inherit; text-decoration: none; }
h4 { margin: 1.2rem 0 .4rem; }
p { margin: .4rem 0; }
code { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
pre { margin: .4rem 0; padding: .6rem; overflow-x: auto; background: var(--soft); border-radius: .3rem; }
pre code { overflow-wrap: normal; }
dl { margin: .4rem 0; }
dt { margin-top: .4rem; }
dd { margin: 0 0 0 .5rem; padding-left: .7rem; border-left: 1px solid var(--line); }
dd:empty { display: none; }
.type { opacity: .8; font-size: .9em; overflow-wrap: anywhere; }
nav ul { padding-left: 1.2rem; }
nav li { overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; min-width: 45rem; }
th, td { padding: .4rem .6rem; border: 1px solid var(--line); text-align: left; vertical-align: top; }
tr:target, .operation:target h3 { background: var(--soft); }
.skip { position: absolute; left: -99rem; }
.skip:focus { position: static; }
@media print { details { display: block; } nav { display: none; } }
`;
