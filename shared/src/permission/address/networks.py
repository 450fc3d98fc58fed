"""Writes networks.csv: what Python's ipaddress module says of networks and ranges, for the test beside it.

Each line is a rule, an address, and whether the rule covers it; or a rule and `refused`. Run it as
`python3 networks.py > networks.csv`; the seed is fixed.
"""
import ipaddress
import random

random.seed(4632)
BITS = {4: 32, 6: 128}
MAKE = {4: ipaddress.IPv4Address, 6: ipaddress.IPv6Address}


def address(version):
    bits = BITS[version]
    # Real prefixes are no even mixture: half of the numbers have long rows of zeros.
    number = random.getrandbits(bits) >> random.choice([0, 0, bits // 4, bits // 2])
    found = MAKE[version](number)
    # Postern reads these as the IPv4 that they mean, Python does not.
    return address(version) if version == 6 and found.ipv4_mapped else found


def neighbours(first, last):
    inside = [first, last, type(first)(random.randint(int(first), int(last)))]
    outside = [int(first) - 1, int(last) + 1]
    return inside + [type(first)(n) for n in outside if 0 <= n < 2 ** BITS[first.version]] + [address(first.version)]


def lines():
    for version in (4, 6):
        for prefix in range(1, BITS[version] + 1):
            base = address(version)
            network = ipaddress.ip_network(f"{base}/{prefix}", strict=False)
            for one in neighbours(network[0], network[-1]):
                yield f"{network},{one},{int(one in network)}"
            try:
                ipaddress.ip_network(f"{base}/{prefix}")
            except ValueError:
                yield f"{base}/{prefix},,refused"
        for _ in range(60):
            first, last = sorted([address(version), address(version)])
            for one in neighbours(first, last):
                yield f"{first}-{last},{one},{int(first <= one <= last)}"
            if first != last:
                yield f"{last}-{first},,refused"


print("\n".join(line for line in lines() if ":ffff:" not in line.split(",")[1]))
