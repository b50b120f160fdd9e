import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const { resolve } = createRequire(createRequire(import.meta.url).resolve('@nestjs/swagger'));

/** The folder of Swagger UI's files, of the package that comes with `@nestjs/swagger`. The bundle has its own copy. */
export const SWAGGER_UI_URL = new URL('./', pathToFileURL(resolve('swagger-ui-dist/package.json')));
