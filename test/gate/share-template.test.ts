import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SHARE_POLICY, sharePage } from '../../src/gate/share-template.ts';
import { analyze } from '../../src/kinds/assessment/analysis.ts';
import { respondent } from '../kinds/assessment/respondents.ts';

const pageOf = (testResult: unknown, assessmentName = 'Mine') =>
  sharePage({ assessmentName, testResult, assessment: null, createdAt: new Date('2026-03-01T12:00:00Z') });

/** The elements of a page, ours all of them. */
const tagsOf = (page: string) => new Set([...page.matchAll(/<([!/]?[a-z0-9]+)/gi)].map(([, name]) => name));
const OURS =
  /^(!doctype|\/?(html|head|meta|title|style|body|main|h1|h2|p|time|ul|li|dl|dt|dd|article|table|thead|tbody|tr|th|td))$/;

describe('the page of a report', () => {
  const report = analyze(respondent(40, { realistic: 90, openness: 80 }));
  const page = pageOf(report, 'AI-Driven Talent Mapping');

  it('has everything that is told in it, in the order in which it is read', () => {
    const { archetype, shortSummary, strengths, careerRecommendation, roleModel } = report;
    const told = [archetype, shortSummary, strengths[0], careerRecommendation[0]?.justification, roleModel[0]?.name];
    const places = told.map((text) => page.indexOf(String(text).replaceAll("'", '&#39;').replaceAll('"', '&quot;')));
    expect(places.every((place) => place > 0)).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(page).toContain('<h1>AI-Driven Talent Mapping</h1>');
    expect(page).toContain('<time datetime="2026-03-01T12:00:00.000Z">2026-03-01</time>');
    expect(page).toContain('<h2>Role model</h2>\n<table>');
    expect(page).toContain(`<dt>Holland code</dt><dd>${report.scores.hollandCode}</dd>`);
    expect(page).not.toMatch(/>(VERY_|SUPER_)?(HIGH|LOW|MODERATE)</);
  });

  it('brings everything along, and runs nothing', () => {
    expect(page).not.toMatch(/<script|<link|<img|<iframe|<a |https?:|url\(|@import|\son\w+=|javascript:/i);
    const [, style = ''] = /<style>(.*)<\/style>/s.exec(page) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(SHARE_POLICY).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(page).toContain('<meta name="robots" content="noindex, nofollow">');
  });
});

describe('the page of any answer', () => {
  it('has letters where an answer has elements', () => {
    const evil = '<script>alert("canary")</script>';
    const cases = [evil, [evil], { [evil]: evil }, { a: [{ [evil]: evil }] }, { a: { b: [{ c: [evil] }] } }];
    for (const answer of cases) {
      const page = pageOf(answer, `</title>${evil}`);
      expect(page).not.toMatch(/<script/i);
      expect(page).toContain('&lt;script&gt;alert(&quot;canary&quot;)&lt;/script&gt;');
    }
  });

  it('has no element that is not ours, whatever the answer is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (answer, name) => {
        for (const tag of tagsOf(pageOf(answer, name))) expect(tag).toMatch(OURS);
      }),
    );
  });

  it('shows lists, tables and what is not there', () => {
    expect(pageOf({ deep: [1, 'x'] })).toContain('<ul><li>1</li><li>x</li></ul>');
    expect(pageOf({ rows: [{ someName: 'VERY_HIGH' }, { other: null }] })).toContain(
      '<tr><th scope="col">Some name</th><th scope="col">Other</th></tr></thead>' +
        '<tbody><tr><td>very high</td><td>–</td></tr><tr><td>–</td><td>–</td></tr></tbody>',
    );
    expect(pageOf({ none: [] })).toContain('<p>None</p>');
    expect(pageOf('just a word')).toContain('<p>just a word</p>');
  });
});

it('a link that opens nothing has a page that says so', () => {
  expect(sharePage(null)).toContain('<h1>Nothing here</h1>');
});
