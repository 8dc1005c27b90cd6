/** The table of every problem code: what it means for whoever gets it, and what to do. */
import { problemOf } from '../../problem.ts';
import { PROBLEMS } from '../problem-catalogue.ts';
import { html, type Markup } from './html.ts';

export function problemAnchor(code: string): string {
  return `problem-${code}`;
}

export function problemsMarkup(): Markup {
  const rows = Object.entries(PROBLEMS).map(([code, { when, remedy, sample, members = {} }]) => {
    const { status, headers = {} } = problemOf(sample);
    const extras = [...Object.keys(members), ...Object.keys(headers).map((name) => `header ${name}`)];
    return html`<tr id="${problemAnchor(code)}">
      <th scope="row"><code>${code}</code></th>
      <td>${status}</td>
      <td>${when}</td>
      <td>${remedy}</td>
      <td>${extras.join(', ')}</td>
    </tr>`;
  });
  return html`<section id="problems" aria-labelledby="problems-title">
    <h2 id="problems-title">Problem codes</h2>
    <p>
      Whatever is not done is answered with <code>application/problem+json</code>: <code>type</code>,
      <code>title</code>, <code>status</code>, <code>code</code> and <code>detail</code>, and for some codes more.
      Programs look at <code>code</code>; <code>detail</code> is a sentence for a person and may change.
    </p>
    <div class="wide" role="region" aria-labelledby="problems-title" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">Code</th>
            <th scope="col">Status</th>
            <th scope="col">When it comes</th>
            <th scope="col">What to do</th>
            <th scope="col">Also there</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
  </section>`;
}
