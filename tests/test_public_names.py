"""What a user may import from the top."""

import kaizen_widgets


def test_every_public_name_has_a_home_and_loads():
    assert sorted(kaizen_widgets.__all__) == kaizen_widgets.__all__
    assert set(kaizen_widgets.__all__) == set(kaizen_widgets._HOMES)
    for name in kaizen_widgets.__all__:
        assert getattr(kaizen_widgets, name).__name__ == name


def test_names_that_are_not_there_are_said():
    assert not hasattr(kaizen_widgets, "Nothing")
