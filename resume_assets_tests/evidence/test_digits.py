"""Digits of other scripts, and no others."""

import re

import pytest

from resume_assets.evidence.digits import all_written

SPELT = ["2019", "2019", "٢٠١٩", "۲۰۱۹", "२०१९", "২০১৯", "二〇一九", "二零一九"]
OTHERS = ["2018", "2018", "٢٠١٨", "۲۰۱۸", "२०१८", "২০১৮", "二〇一八", "201", "20190"]


@pytest.mark.parametrize("text", SPELT)
def test_a_year_in_the_digits_of_another_script_is_that_year(text: str) -> None:
    assert re.fullmatch(all_written("2019"), text)


@pytest.mark.parametrize("text", OTHERS)
def test_another_year_is_not(text: str) -> None:
    assert not re.fullmatch(all_written("2019"), text)


def test_every_digit_is_its_own_in_every_script() -> None:
    for value in range(10):
        spelt = [chr(ord(zero) + value) for zero in "0０٠۰०০"] + ["零一二三四五六七八九"[value]]
        for digit in range(10):
            found = [bool(re.fullmatch(all_written(str(digit)), one)) for one in spelt]
            assert found == [digit == value] * len(spelt)
