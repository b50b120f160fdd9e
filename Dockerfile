FROM node:24-bookworm-slim AS base
WORKDIR /app

# The upstream of docker-compose.yml. It comes first, because a builder without BuildKit builds every stage up to its
# target.
FROM base AS mock-vllm
COPY test/mock-vllm ./
USER node
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.MOCK_PORT || 8000) + '/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "server.mjs"]

FROM base AS build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
# The contents of the image, with their licences, as CycloneDX.
RUN npm run build && npm run sbom

FROM base
# `docker build --label` adds org.opencontainers.image.revision, .created and .source, which only a build knows.
LABEL org.opencontainers.image.title="models-gateway" \
      org.opencontainers.image.description="One OpenAI-compatible GET /v1/models in front of any LLM provider" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.2.0"
ENV NODE_ENV=production
COPY --from=build /app/package.json /app/sbom.cdx.json ./
COPY --from=build /app/dist ./dist
RUN ln -s /app/dist/main.js /usr/local/bin/models-gateway
USER node
EXPOSE 8000
# Without a proxy, whatever the environment says; 0.0.0.0 and :: reach this container itself.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "require('node:http').get({ host: process.env.HOST || 'localhost', port: process.env.PORT || 8000, path: '/readyz', agent: false }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
# Without a shell, so that SIGTERM reaches the process. Arguments of `docker run` are options: `docker run … --check`.
ENTRYPOINT ["node", "dist/main.js"]
