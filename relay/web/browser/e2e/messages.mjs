// Composes what it is told to on stdin: a list of {verb, order, fields, who}.
import { readFileSync } from 'node:fs'
import { compose, composePosted } from '../../static/js/messages.js'

const cases = JSON.parse(readFileSync(0, 'utf8'))
const written = []
for (const { verb, order, fields, who } of cases) {
  const posted = await composePosted(verb, order, fields, who)
  written.push({ rumor: await compose(verb, order, fields, who), posted: posted.event, private: posted.private })
}
console.log(JSON.stringify(written))
