"""Job runners in processes of their own: ``python -m tests.race.runner_process`` forks one for every line it reads.

The parent has loaded the product already, so that a runner costs a fork.
"""

import os
import sys
import time

from app import create_app
from shop.jobs.joblist import JOBS
from shop.jobs.runner import Runner


def main() -> None:
    for _ in sys.stdin:
        if os.fork() == 0:
            _run_jobs()


def _run_jobs() -> None:
    """What the scheduler does in a worker, at a quicker beat; ends by a kill."""
    runner = Runner(create_app())
    while True:
        for job in JOBS:
            runner.run(job)
        time.sleep(0.1)


if __name__ == "__main__":
    main()
