"""The primary endpoint in logs that also show values of single batches, or scores of single candidates."""

from test_primary_endpoint import LogStyle, compare_style


def test_the_loss_of_one_batch_is_not_preferred_to_the_line_that_sums_up_the_evaluation() -> None:
    endpoint = compare_style(
        LogStyle("Val: [0/9]  Loss {held:.3e}\nVal: [8/9]  Loss {one:.3e}\n * Acc@1 {acc:.3f}")
    ).endpoint
    assert endpoint and endpoint.name == "Acc@1"


def test_of_candidates_that_are_scored_one_after_another_the_last_is_chosen() -> None:
    names = "Ridge", "Lasso", "Forest", "Bagging", "Boosting"
    lines = [f"{name} test score {{acc:.4f}}, best {{held:.4f}}" for name in names]
    endpoint = compare_style(LogStyle("fold {e}", tail="\n".join([*lines, "saved"]))).endpoint
    assert endpoint and endpoint.name == "Boosting test score"


def test_a_metric_whose_short_name_stands_in_brackets_is_known_by_it() -> None:
    body = "it {e} loss {train:.4f}\nAverage Precision  (AP) @[ IoU=0.50:0.95 | area=all | maxDets=100 ] = {acc:.3f}"
    endpoint = compare_style(LogStyle(body)).endpoint
    assert (
        endpoint
        and endpoint.name.startswith("Average Precision (AP)")
        and "usual metric of its task" in endpoint.reason
    )
