"""One worker's job runner in a process of its own, in a hurry: ``python -m tests.race.runner_process`` until killed."""

import time

from app import create_app
from shop.jobs.joblist import JOBS
from shop.jobs.runner import Runner


def main() -> None:
    runner = Runner(create_app())
    while True:
        for job in JOBS:
            runner.run(job)
        time.sleep(0.02)


if __name__ == "__main__":
    main()
