"""Job runners in processes of their own: ``python -m tests.race.runner_process`` forks one for every line it reads.

The parent has loaded the product already, so that a runner costs a fork.
"""

import os
import sys
import time
from pathlib import Path

from app import create_app
from shop.core.config import Config
from shop.jobs.joblist import JOBS
from shop.jobs.runner import Runner
from shop.outbox import sending

#: Message-IDs as they are handed over, one a line: the folder of mails keeps one file for each, however often it went.
DELIVERIES = "deliveries.log"


def main() -> None:
    for _ in sys.stdin:
        if os.fork() == 0:
            _run_jobs()


def _run_jobs() -> None:
    """What the scheduler does in a worker, at a quicker beat; ends by a kill."""
    app = create_app()
    _write_down_deliveries(Path(app.instance_path))
    runner = Runner(app)
    while True:
        for job in JOBS:
            runner.run(job)
        time.sleep(0.1)


def _write_down_deliveries(folder: Path) -> None:
    hand_over = sending.hand_over

    def counted(letter: sending.Letter, config: Config) -> None:
        hand_over(letter, config)
        with (folder / DELIVERIES).open("a") as written:
            written.write(f"{letter.message_id}\n")

    sending.hand_over = counted


if __name__ == "__main__":
    main()
