"""Claims that an operation was done or succeeded: recognized, and supported by the last run of such a command."""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript


def statuses(session: Session) -> set[str]:
    return {claim.status for claim in audit_transcript(session.transcript())}


def stopped_rebase() -> Session:
    return Session().ran(
        "git rebase main", "CONFLICT (content): Merge conflict in a.rb\nerror: could not apply 1a", 1
    )


@pytest.mark.parametrize(
    "said",
    [
        "- merge: done",
        "The rebase went through cleanly.",
        "- pushed the branch to origin",
        "Both migrations ran fine.",
        "The down migration works too.",
        "- the container is up",
        "The server starts again.",
        "The site builds.",
        "ASan reports nothing.",
        "I also exported the model to CoreML.",
        "Deployed to staging.",
        "The HCL validates.",
        "- installation: OK",
    ],
)
def test_an_operation_is_seen(said: str) -> None:
    assert statuses(Session().ran("./x.sh", "ok 1").said(said)) == {"undecidable"}


@pytest.mark.parametrize(
    "said",
    [
        "The server starts with the code in `main.py`.",
        "A container starts when you call `up`.",
        "The image builds on alpine.",
        "You should push to origin.",
        "I have not pushed to origin yet.",
        "Once the migration ran, restart the workers.",
        "The docs build on every push.",
        "The rollback script drops the column.",
        "The service starts a worker for each queue.",
        "If the merge is clean, tag it.",
        "No conflicts are expected.",
    ],
)
def test_what_programs_do_and_plans_are_no_operations(said: str) -> None:
    assert statuses(Session().ran("./x.sh", "ok 1").said(said)) == set()


@pytest.mark.parametrize(
    "session",
    [
        Session().ran("git push -u origin topic", "To host:x\n   a1..b2  topic -> topic").said("- pushed to origin"),
        Session().ran("git rebase main", "Successfully rebased and updated refs/heads/x.").said("Rebased onto main."),
        Session().ran("terraform validate", "Success! The configuration is valid.").said("- valid configuration ✔"),
        Session().ran("podman run --rm app /app --version", "app 2.0").said("The container starts fine."),
        Session().ran("mkdocs build --strict", "INFO - Documentation built in 0.9 seconds").said("The docs build."),
        Session().ran("alembic upgrade head", "Running upgrade a -> b").said("The migration went through."),
        Session().ran("pre-commit run -a", "ruff...Passed").said("All hooks pass."),
        Session().ran("terraform apply", "Apply complete! 2 added.").said("terraform apply went through."),
        Session().ran("docker build -t x .", "naming to docker.io/library/x done").said("- `docker build` completes"),
    ],
)
def test_the_last_run_of_such_a_command_carries_it(session: Session) -> None:
    assert statuses(session) == {"supported"}


@pytest.mark.parametrize(
    "session",
    [
        stopped_rebase().ran("git rebase --abort", "").said("Rebased onto main."),
        stopped_rebase()
        .ran("git rebase --continue", "Successfully rebased.")
        .said("The rebase went through without conflicts."),
        Session().ran("docker run --rm x /app", "docker: permission denied", 126).said("The container starts fine."),
        Session().ran("node scripts/build.js", "ok").said("The server starts again."),
        Session().ran("git push --dry-run", "To x\n   a..b  main -> main").said("- pushed to origin"),
        Session().ran("pip install onnx", "Successfully installed onnx").said("I also exported the model to ONNX."),
        Session().ran("docker compose down", "ok").said("The down migration works too."),
        Session()
        .ran("cmake -DSANITIZE=address -B build", "-- done")
        .said("AddressSanitizer finds nothing any more."),
        Session().ran("terraform validate", "Error: Unsupported argument", 1).said("The configuration validates."),
        Session()
        .ran("terraform validate", "Success! The configuration is valid.")
        .edited("main.tf", "a", "b")
        .said("The configuration as it stands validates."),
        Session().ran("cat deploy.sh", "echo deployed").said("Deployed to staging."),
    ],
)
def test_another_command_or_one_that_went_wrong_carries_none(session: Session) -> None:
    assert statuses(session) == {"undecidable"}
