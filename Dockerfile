# One image for every role of a cluster. It carries no embedded ClickHouse engine (548 MB): roles talk to servers.
FROM node:20-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:20-bookworm-slim AS dependencies
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# lmdb's prebuilt binary is an optional dependency too, so chdb is taken out by name rather than with --omit=optional.
RUN npm ci --omit=dev && rm -rf node_modules/chdb node_modules/@chdb

FROM node:20-bookworm-slim
ENV NODE_ENV=production VIGIL_DATA=/var/lib/vigil
RUN groupadd --system --gid 10001 vigil \
 && useradd --system --uid 10001 --gid vigil --home-dir /var/lib/vigil --shell /usr/sbin/nologin vigil \
 && install -d -o vigil -g vigil -m 0700 /var/lib/vigil
WORKDIR /opt/vigil
COPY --from=dependencies /src/node_modules ./node_modules
COPY --from=build /src/dist ./dist
COPY package.json LICENSE ./
USER vigil
VOLUME /var/lib/vigil
ENTRYPOINT ["node", "--enable-source-maps", "dist/cli/main.js"]
CMD ["--help"]
