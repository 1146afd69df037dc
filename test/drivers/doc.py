"""Checks that the code in doc/drivers.md is that of the programs it links to.

Each block of a section must be lines of the section's program in their order,
indentation and empty lines aside.
"""
import re
import sys


def code(lines):
    return [line.strip() for line in lines if line.strip()]


top = sys.argv[1]
program = None
fence = None
bad = blocks = 0
for number, line in enumerate(open(f'{top}/doc/drivers.md'), 1):
    link = re.match(r'\[(test/drivers/\S+)\]', line)
    if link:
        program = code(open(f'{top}/{link[1]}'))
    if not line.startswith('```'):
        if fence is not None:
            fence.append(line)
    elif fence is None:
        fence = []
    else:
        block, fence = code(fence), None
        blocks += program is not None
        if program and not any(program[i:i + len(block)] == block for i in range(len(program))):
            print(f'doc/drivers.md: the code that ends at line {number} is not part of the program')
            bad = 1
if blocks < 50:
    print('doc/drivers.md: hardly any code')
    bad = 1
sys.exit(bad)
