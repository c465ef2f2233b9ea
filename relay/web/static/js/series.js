// The chart of a series that can be looked at closer: drag over a part of it. It has
// the numbers of the table beneath it, and stands in the place of the plain chart.

const day = 86_400
const height = 224 // as the plain chart: nothing moves when it makes way

// Steps of the scale: no part of a sat.
const whole = Array.from({ length: 16 }, (_, i) => [1, 2, 5].map((n) => n * 10 ** i)).flat()

const colour = (element) => getComputedStyle(element).color

/** @param {HTMLElement} section with the plain chart, the table and the place for this one */
export default async function series(section) {
  const rows = [...section.querySelectorAll('tr[data-at]')]
  if (rows.length < 2) return
  const { default: UPlot } = await import('../vendor/uplot.js')
  const part = (name) => section.querySelector(`[data-${name}]`)
  const [plain, zoom, tools, reading, reset, hint] = ['plain', 'zoom', 'tools', 'reading', 'reset', 'hint'].map(part)
  const data = [rows.map((row) => Number(row.dataset.at)), rows.map((row) => Number(row.dataset.sats))]
  const [least, most] = [data[0][0], data[0].at(-1)]
  const margin = (most - least) / (rows.length - 1) / 2; // so that the outer columns are whole

  const language = document.documentElement.lang
  const amounts = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 2 })
  const dates = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', timeZone: 'UTC' })
  const months = new Intl.DateTimeFormat(language, { month: 'short', year: '2-digit', timeZone: 'UTC' })
  const named = (at, step) => (step >= 28 * day ? months : dates).format(new Date(at * 1000))

  /** What the table says of one column. @param {?number} i */
  const read = (i) => {
    const cells = i == null ? [] : rows[i].querySelectorAll('th, td')
    reading.textContent = i == null ? '' : `${cells[0].textContent}: ${cells[1].textContent}`
  }

  const axis = {
    stroke: () => colour(part('soft')),
    grid: { stroke: () => colour(part('line')), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  }
  const chart = new UPlot({
    width: plain.clientWidth, height, padding: [8, 24, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false } },
    scales: { x: { time: false, range: (_, from, to) => (from <= least && to >= most ? [least - margin, most + margin] : [from, to]) }, y: { range: (_, __, to) => [0, Math.max(2, to * 1.05)] } },
    axes: [
      { ...axis, grid: { show: false }, size: 28, space: 72, incrs: [1, 2, 7, 14, 30.44, 91.3, 182.6, 365.25, 1826.25].map((days) => days * day), values: (_, splits, __, ___, step) => splits.map((at) => named(at, step)) },
      { ...axis, size: 56, incrs: whole, values: (_, splits) => splits.map((n) => amounts.format(n)) },
    ],
    series: [{}, { paths: UPlot.paths.bars({ size: [0.7, 48] }), fill: () => colour(part('ink')), points: { show: false } }],
    hooks: {
      setCursor: [(u) => read(u.cursor.idx)],
      setScale: [(u, key) => {
        if (key === 'x') reset.hidden = u.scales.x.min <= least && u.scales.x.max >= most
      }],
    },
  }, data, zoom)

  plain.hidden = true
  for (const shown of [zoom, tools, hint]) shown.hidden = false
  reset.addEventListener('click', () => {
    chart.setScale('x', { min: least, max: most })
    section.querySelector('summary').focus() // the button that had it is gone
  })
  new ResizeObserver(() => chart.setSize({ width: zoom.clientWidth, height })).observe(zoom)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => chart.redraw())
}
