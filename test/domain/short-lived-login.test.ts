import { describe, expect, it } from 'vitest';
import { shortLivedLogin } from '../../lib/domain/short-lived-login.ts';

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const NULL_GUID = '00000000-0000-0000-0000-000000000000';
const TOKEN = 'x'.repeat(36);

function found(host: string, username: string, password = 'p'): boolean | undefined {
  return shortLivedLogin({ host, username, password })?.certain;
}

describe('a login that is certain to expire within hours', () => {
  it.each([
    [ECR, 'AWS', 'p'],
    ['docker.corp.example', 'AWS', 'p'],
    ['gcr.io', 'oauth2accesstoken', 'p'],
    ['eu.gcr.io', '_token', 'p'],
    ['europe-docker.pkg.dev', '_dcgcr_2_1_0_token', 'p'],
    ['myreg.azurecr.io', NULL_GUID, 'p'],
    ['myreg.azurecr.cn', NULL_GUID, 'p'],
    ['myreg.azurecr.us', NULL_GUID, 'p'],
    ['myreg.eastus.data.azurecr.io', NULL_GUID, 'p'],
    ['icr.io', 'iambearer', 'p'],
    ['de.icr.io', 'iambearer', 'p'],
    ['ghcr.io', 'x-access-token', `ghs_${TOKEN}`],
    ['ghcr.io', 'somebody', `ghs_${TOKEN}`],
    ['registry.gitlab.com', 'gitlab-ci-token', `glcbt-64_${TOKEN}`],
  ])('%s %s', (host, username, password) => {
    expect(found(host, username, password)).toBe(true);
  });
});

describe('a login that usually expires, and may be a lasting one', () => {
  it.each([
    ['registry.gitlab.com', 'gitlab-ci-token', TOKEN],
    ['ghcr.io', 'x-access-token', 'ghp_x'],
    ['ghcr.io', 'somebody', `ghu_${TOKEN}`],
    ['registry.example', 'iambearer', 'p'],
    ['registry.example', 'unused', `sha256~${TOKEN}`],
  ])('%s %s', (host, username, password) => {
    expect(found(host, username, password)).toBe(false);
  });
});

describe('a login that nothing speaks against', () => {
  it.each([
    ['myreg.azurecr.io', '11111111-0000-0000-0000-000000000000'],
    ['azurecr.io.example', NULL_GUID],
    ['harbor.example', NULL_GUID],
    ['notazurecr.io', NULL_GUID],
    ['harbor.example', '_token'],
    ['harbor.example', 'oauth2accesstoken'],
    ['icr.io', 'iamapikey'],
    ['ghcr.io', 'somebody'],
    ['quay.io', 'aws'],
    ['cr.yandex', 'json_key'],
  ])('%s %s', (host, username) => {
    expect(found(host, username, 'ghp_lasting')).toBeUndefined();
  });
});
