"""Claims that an output supports in less direct ways: by the exit code of another command, the only amount of its
kind, or a short name.
"""

import pytest
from agent_sessions import Session

from gedanken.compare.audit.audit_transcript import audit_transcript

POD = "    Last State:     Terminated\n      Reason:       OOMKilled\n      Exit Code:    137\n"
DISK = "Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda1        79G   {}G   {}G  {}% /\n"
FITTED = "epoch 1 loss 0.512 val_acc 0.9711\nepoch 2 loss 0.371 val_acc 0.9803\n"


def statuses(session: Session) -> list[str]:
    return [claim.status for claim in audit_transcript(session.transcript())]


def test_an_output_tells_how_something_else_ended() -> None:
    session = Session().ran("kubectl describe pod web-1", POD)
    assert statuses(session.said("The container was killed: exit code 137.")) == ["supported"]
    other_session = Session().ran("kubectl describe pod web-1", POD.replace("137", "137.5"))
    assert "supported" not in statuses(other_session.said("The container was killed: exit code 137."))


def test_errors_on_a_test_set_are_no_failed_tests() -> None:
    session = Session().ran("python eval.py", "images: 10000\nerrors: 188\naccuracy: 0.9812\n")
    assert set(statuses(session.said("On the test set there are 188 errors."))) == {"supported"}


def test_an_amount_that_is_alone_of_its_kind_may_be_older() -> None:
    session = Session().ran("df -h /", DISK.format(74, 1, 99)).ran("ls /var/log", "syslog.1\nsyslog.2\n")
    session = session.ran("wc -l /etc/hosts", "12 /etc/hosts").ran("truncate -s 0 /var/log/syslog.1", "")
    session = session.ran("wc -l /etc/fstab", "31 /etc/fstab").ran("df -h /", DISK.format(39, 36, 52))
    assert statuses(session.said("The file system was at 99 %.")) == ["supported"]


@pytest.mark.parametrize("said", ["It took about 9 seconds.", "12 tests passed in about 9 seconds."])
def test_a_time_of_one_digit_is_that_of_the_last_run(said: str) -> None:
    assert set(statuses(Session().ran("pytest -q", "12 passed in 8.91s\n").said(said))) == {"supported"}


def test_validation_is_printed_as_val() -> None:
    session = Session().ran("python train.py", FITTED).ran("python evaluate.py", "accuracy: 0.9812\n")
    assert statuses(session.said("The validation accuracy is 0.9803 in the last epoch."))[0] == "supported"
