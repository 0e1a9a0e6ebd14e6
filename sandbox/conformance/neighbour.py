"""Runs the neighbour: a second program, on a branch of the machine, which a check's program must not reach."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gedanken.experiment.execution import RealMachine

NEIGHBOUR_NAME = "gedanken-neighbour"
_SEED = 7
_START_SECONDS = 30
_STOP_FILE = "stop"
_WAIT_CODE = f"import os, time; [time.sleep(0.1) for _ in range(150) if not os.path.exists('{_STOP_FILE}')]"


@asynccontextmanager
async def neighbour_of(machine: RealMachine) -> AsyncIterator[None]:
    """Run the neighbor during the `with` block. Raises TimeoutError if it does not start."""
    async with machine.branch(_SEED) as branch:
        started = asyncio.Event()
        command = f'cd && echo started && python3 -c "{_WAIT_CODE}" {NEIGHBOUR_NAME}'
        task = asyncio.create_task(branch.run(command, on_output=lambda _text: started.set()))
        try:
            await asyncio.wait_for(started.wait(), _START_SECONDS)
            yield
        finally:
            branch.write(_STOP_FILE, "")
            await task
