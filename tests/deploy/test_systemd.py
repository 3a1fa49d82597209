"""deploy/systemd: systemd's own tools find no fault, and the unit means the service's own exits and folders."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stripsight.exits import Exit
from stripsight.settings import DEFAULT_RECORD_DIR, Settings

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "deploy" / "systemd"
UNIT = SYSTEMD / "stripsight.service"
PAGE = SYSTEMD / "stripsight-hmi.service"
INSTALLED = "/opt/stripsight/bin/stripsight"


def installed(source: Path, folder: Path) -> Path:
    """Install a unit in `folder`, with the command that is installed here."""
    unit = folder / source.name
    unit.write_text(source.read_text().replace(INSTALLED, str(Path(sys.executable).with_name("stripsight"))))
    return unit


@pytest.fixture(params=["cpu", "gpu"])
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The service's unit as it is installed."""
    if request.param == "gpu":
        shutil.copytree(SYSTEMD / "stripsight.service.d", tmp_path / "stripsight.service.d")
    return installed(UNIT, tmp_path)


class UnitParser(configparser.RawConfigParser):
    """Reads a unit; of a name that is given twice, the last value."""

    def optionxform(self, optionstr: str) -> str:
        """Leave names as they are written."""
        return optionstr


@pytest.fixture
def service() -> configparser.SectionProxy:
    """The unit's section [Service]."""
    parser = UnitParser(strict=False)
    parser.read(UNIT)
    return parser["Service"]


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze, which needs no systemd that runs."""
    command = ["systemd-analyze", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_systemd_takes_it(unit: Path) -> None:
    """Every name and value is one that systemd knows, and the command is there."""
    answer = analyze("verify", "--man=no", str(unit))
    assert (answer.returncode, answer.stderr) == (0, "")


def test_a_line_runs_by_the_same_unit(unit: Path) -> None:
    """As a template it is as right, and the settings of a line come after those of all."""
    template = unit.rename(unit.with_name("stripsight@.service"))
    answer = analyze("verify", "--man=no", str(template.with_name("stripsight@2.service")))
    assert (answer.returncode, answer.stderr) == (0, "")
    files = [line.split("=-")[1] for line in template.read_text().splitlines() if line.startswith("EnvironmentFile")]
    assert files == ["/etc/stripsight/stripsight.env", "/etc/stripsight/%i.env"]


def test_exposure_is_low(unit: Path) -> None:
    """At most 1.5 of 10 by systemd's own measure, 1.8 where it sees a GPU; an ordinary service has 9.6."""
    bound = 18 if (unit.parent / "stripsight.service.d").exists() else 15
    answer = analyze("security", "--offline=true", f"--threshold={bound}", str(unit))
    assert answer.returncode == 0, answer.stdout


def test_the_page_is_right_and_exposed_as_little(tmp_path: Path) -> None:
    """The unit of the operator page by the same two tools."""
    page = installed(PAGE, tmp_path)
    verified = analyze("verify", "--man=no", str(page))
    assert (verified.returncode, verified.stderr) == (0, "")
    assert analyze("security", "--offline=true", "--threshold=15", str(page)).returncode == 0


def test_starting_again_is_left_where_it_cannot_help(service: configparser.SectionProxy) -> None:
    """A wrong setting, a refused bundle, a record that cannot be kept; each other failure is tried again."""
    prevented = {Exit(int(status)) for status in service["RestartPreventExitStatus"].split()}
    assert prevented == {Exit.ERROR, Exit.BUNDLE, Exit.RECORD}
    assert service["Restart"] == "on-failure"


def test_it_is_killed_only_after_a_strip_had_its_time(service: configparser.SectionProxy) -> None:
    """Both patiences are above the longest slot of a line, and the watchdog's end says where each thread stood."""
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) >= 5
    assert int(service["TimeoutStopSec"]) >= 5
    assert service["WatchdogSignal"] == "SIGABRT" and "PYTHONFAULTHANDLER=1" in UNIT.read_text()


def test_it_writes_where_systemd_lets_it(service: configparser.SectionProxy) -> None:
    """The record's folder is inside the one folder that is not read-only."""
    assert DEFAULT_RECORD_DIR.is_relative_to(Path("/var/lib") / service["StateDirectory"])
    assert service["ProtectSystem"] == "strict" and "ReadWritePaths" not in service


def test_every_variable_is_a_setting() -> None:
    """What the unit and its part for a GPU set are settings of the server."""
    texts = [path.read_text() for path in (UNIT, SYSTEMD / "stripsight.service.d" / "gpu.conf")]
    known = {f"STRIPSIGHT_{name.upper()}" for name in Settings.model_fields}
    given = set(re.findall(r"^Environment=.*?$", "\n".join(texts), flags=re.MULTILINE))
    names = {name for line in given for name in re.findall(r"(STRIPSIGHT_\w+)=", line)}
    assert "STRIPSIGHT_BUNDLE" in names
    assert names <= known


def test_the_account_is_made_as_it_is_used(service: configparser.SectionProxy) -> None:
    """systemd-sysusers makes the user that the unit names, without a shell."""
    line = (SYSTEMD / "stripsight.sysusers.conf").read_text().splitlines()[-1].split(maxsplit=2)
    assert line[:2] == ["u", service["User"]]
