// Every page as it looks: in light, dark and on a phone, for everybody's eyes and for
// those who do not see it.

import { test } from 'node:test';
import { accessible, leave, picture, visit } from './fixture.mjs';

const looks = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  phone: { colorScheme: 'light', viewport: { width: 360, height: 740 } },
};

for (const [look, options] of Object.entries(looks)) {
  test(`who has not signed in, ${look}`, async () => {
    const visitor = await visit(null, options);
    for (const [name, at] of Object.entries({ home: '/', 'sign-in': '/sign-in' })) {
      await visitor.page.goto(at);
      await accessible(visitor.page, `${name}, ${look}`);
      await picture(visitor.page, `${name}-${look}`);
    }
    await leave(visitor);
  });
}
