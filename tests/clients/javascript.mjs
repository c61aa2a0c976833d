// Signs in with libraries that know nothing of readmit, and of which readmit knows nothing.
//
// They start with one address, that of the metadata. Whatever is not as the standards have it makes one of
// them throw, and the process fail.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, address, username, password, server, secret] = process.argv.slice(2);
// The packages are installed beside what the build makes, and not beside this file.
const { resolve } = createRequire(pathToFileURL(`${folder}/package.json`));
const load = (name) => import(pathToFileURL(resolve(name)));
const [jose, oidc] = await Promise.all([load("jose"), load("openid-client")]);

const insecure = { execute: [oidc.allowInsecureRequests] }; // This stays on the machine.
const discover = (client, authentication) =>
  oidc.discovery(new URL(address), client, {}, authentication, insecure);

const config = await discover("shop", oidc.None());
const metadata = config.serverMetadata();
const keys = jose.createRemoteJWKSet(new URL(metadata.jwks_uri));
const verified = async (token) => {
  const options = { issuer: metadata.issuer, audience: metadata.issuer, typ: "at+jwt" };
  return (await jose.jwtVerify(token, keys, options)).payload;
};

const first = await oidc.genericGrantRequest(config, "password", { username, password });
const claims = await verified(first.access_token);
assert.equal(claims.client_id, "shop");

const second = await oidc.refreshTokenGrant(config, first.refresh_token);
assert.notEqual(second.refresh_token, first.refresh_token);
assert.equal((await verified(second.access_token)).sid, claims.sid);

const info = await oidc.fetchUserInfo(config, second.access_token, claims.sub);
assert.equal(info.email, username);

// A resource server asks what a token is worth, before its end and after.
const asking = await discover(server, oidc.ClientSecretBasic(secret));
const ask = async (token) => oidc.tokenIntrospection(asking, token);
const said = await ask(second.access_token);
assert.equal(said.active, true);
assert.equal(said.sub, claims.sub);
await oidc.tokenRevocation(config, second.refresh_token);
assert.deepEqual(await ask(second.access_token), { active: false });
await assert.rejects(oidc.refreshTokenGrant(config, second.refresh_token), {
  error: "invalid_grant",
});
console.log("both clients are content");
