import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyHost, isAllowedAddress, judgeAddress, parseNetworks } from '../../lib/distribution/address-guard.ts';

function networks(...cidrs: string[]) {
  const parsed = parseNetworks(cidrs);
  if (!parsed.ok) throw new Error(parsed.failure.rule);
  return parsed.value;
}

const EVERYTHING = networks('0.0.0.0/0', '::/0');

describe('an address that was resolved or written', () => {
  it.each([
    ['public IPv4', '93.184.216.34'],
    ['public IPv6', '2606:2800:220:1:248:1893:25c8:1946'],
    ['a public address through NAT64', '64:ff9b::5db8:d822'],
    ['a public address IPv4-mapped', '::ffff:93.184.216.34'],
  ])('is allowed without permission: %s', (_name, address) => {
    expect(judgeAddress(address, [])).toBe('allowed');
  });

  it.each([
    ['loopback', '127.0.0.1', '127.0.0.0/8'],
    ['any loopback', '127.255.0.9', '127.0.0.0/8'],
    ['IPv6 loopback', '::1', '::1/128'],
    ['private 10', '10.1.2.3', '10.0.0.0/8'],
    ['private 172', '172.31.255.255', '172.16.0.0/12'],
    ['private 192', '192.168.0.1', '192.168.0.0/24'],
    ['carrier-grade NAT', '100.64.0.1', '100.64.0.0/10'],
    ['unique local', 'fd12:3456::1', 'fd12:3456::/32'],
    ['IPv4-mapped loopback', '::ffff:127.0.0.1', '127.0.0.0/8'],
    ['IPv4-mapped loopback in hex', '::ffff:7f00:1', '127.0.0.0/8'],
    ['a private address through NAT64', '64:ff9b::a00:1', '10.0.0.0/8'],
    ['a private address through 6to4', '2002:a00:1::1', '10.0.0.0/8'],
    ['IPv4-translated loopback', '::ffff:0:7f00:1', '127.0.0.0/8'],
  ])('needs the permission of its own network: %s', (_name, address, own) => {
    expect(judgeAddress(address, [])).toBe('needs_permission');
    expect(judgeAddress(address, networks('10.99.0.0/16', 'fd99::/16'))).toBe('needs_permission');
    expect(judgeAddress(address, networks(own))).toBe('allowed');
  });

  it.each([
    ['instance metadata', '169.254.169.254'],
    ['task metadata', '169.254.170.2'],
    ['IPv4-mapped metadata', '::ffff:169.254.169.254'],
    ['metadata through NAT64', '64:ff9b::a9fe:a9fe'],
    ['metadata through 6to4', '2002:a9fe:a9fe::1'],
    ['metadata on IPv6', 'fd00:ec2::254'],
    ['metadata of Google on IPv6', 'fd20:ce::254'],
    ['metadata of Alibaba', '100.100.100.200'],
    ['the host service of Azure', '168.63.129.16'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['unspecified', '0.0.0.0'],
    ['the unspecified network', '0.1.2.3'],
    ['unspecified IPv6', '::'],
    ['multicast', '224.0.0.1'],
    ['IPv6 multicast', 'ff02::1'],
    ['broadcast', '255.255.255.255'],
    ['reserved', '240.0.0.1'],
    ['a documentation network', '203.0.113.9'],
    ['IPv6 documentation', '2001:db8::1'],
    ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
    ['the local NAT64 prefix', '64:ff9b:1::a00:1'],
    ['IPv4-compatible loopback', '::127.0.0.1'],
    ['unassigned IPv6', '4000::1'],
    ['site-local', 'fec0::1'],
    ['no address', 'localhost'],
    ['an empty text', ''],
    ['a short form', '127.1'],
  ])('is never allowed, whatever the operator allows: %s', (_name, address) => {
    expect(judgeAddress(address, EVERYTHING)).toBe('never');
  });

  it('has one verdict in both of its spellings, whatever the IPv4 address', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(judgeAddress(`::ffff:${address}`, [])).toBe(judgeAddress(address, []));
      }),
    );
  });

  it('is told as a plain yes or no', () => {
    expect([isAllowedAddress('8.8.8.8', []), isAllowedAddress('10.0.0.1', [])]).toEqual([true, false]);
  });
});

describe('a host', () => {
  it.each([
    ['registry.example.com', 'name', 'registry.example.com'],
    ['registry.example.com.', 'name', 'registry.example.com'],
    ['localhost', 'name', 'localhost'],
    ['1password.example', 'name', '1password.example'],
    ['10.0.0.1', 'address', '10.0.0.1'],
    ['169.254.169.254.', 'address', '169.254.169.254'],
    ['::1', 'address', '::1'],
    ['::ffff:127.0.0.1', 'address', '::ffff:127.0.0.1'],
    ['127.1', 'ambiguous', '127.1'],
    ['127.0.1', 'ambiguous', '127.0.1'],
    ['0x7f.1', 'ambiguous', '0x7f.1'],
    ['0x7f000001', 'ambiguous', '0x7f000001'],
    ['2130706433', 'ambiguous', '2130706433'],
    ['0177.0.0.1', 'ambiguous', '0177.0.0.1'],
    ['127.0.0.01', 'ambiguous', '127.0.0.01'],
    ['registry.example.1', 'ambiguous', 'registry.example.1'],
    ['256.256.256.256', 'ambiguous', '256.256.256.256'],
    ['', 'ambiguous', ''],
    ['.', 'ambiguous', ''],
    ['a..b', 'ambiguous', 'a..b'],
    ['a b', 'ambiguous', 'a b'],
    ['a%2eb', 'ambiguous', 'a%2eb'],
    ['[::1]', 'ambiguous', '[::1]'],
    ['１２７.example', 'ambiguous', '１２７.example'],
  ])('%j is %s', (host, kind, bare) => {
    expect(classifyHost(host)).toEqual({ kind, host: bare });
  });
});

describe('the networks that an operator allows', () => {
  it.each([
    '10.0.0.0',
    '10/8',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '127.1/8',
    'fd00::/129',
    'private',
    '',
    '/8',
  ])('are refused when malformed: %j', (cidr) => {
    expect(parseNetworks(['10.0.0.0/8', cidr])).toMatchObject({
      ok: false,
      failure: { kind: 'invalid_input', field: 'allowedNetworks[1]' },
    });
  });
});
