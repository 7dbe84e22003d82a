from irve_bridge.charge_points.v16.patience import Patience


def test_a_burst_is_borne_and_what_follows_it_is_not() -> None:
    patience = Patience(burst=3, per_s=0)
    assert [patience.ends() for _ in range(5)] == [False, False, False, True, True]


def test_patience_comes_back_with_time() -> None:
    patience = Patience(burst=1, per_s=1e9)
    assert not any(patience.ends() for _ in range(100))
