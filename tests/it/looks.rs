//! Looks at projects: none holds up another, none reads more than a cycle may receive, and what was
//! left is gone on with.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rewheel::cycle::looks::{LookPlan, Looks, Room};
use rewheel::cycle::{Cycle, LineRequest, Progress, Silent, judged};
use rewheel::feeds::Known;
use rewheel::policy::{ReasonCode, Status};
use rewheel::report::{CheckReport, LineReport};
use rewheel::store::Store;

use crate::support::binary::wheel_carrying;
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::round;
use crate::support::stage::{NEW, OLD};

/// How long a cycle waits for one look, far longer than a look over loopback takes.
const PATIENCE: Duration = Duration::from_secs(2);

/// Cycles over some projects.
struct Watch {
    index: FakeIndex,
    cycle: Cycle,
    looks: Looks,
    known: Known,
    plan: LookPlan,
}

impl Watch {
    async fn of(room: Room) -> Self {
        let index = FakeIndex::start().await;
        let cycle = round::of(&index.url());
        let known = cycle.watch.known(&Store::none(), cycle.now).await;
        Self {
            looks: Looks::new(cycle.observer(), room),
            plan: LookPlan {
                patience: Some(PATIENCE),
                ..LookPlan::whole(cycle.now)
            },
            index,
            cycle,
            known,
        }
    }

    /// Publishes one wheel per day of October 2026.
    fn publish(&self, package: &str, carries: &str, days: &[u32]) -> u64 {
        let wheel = wheel_carrying(carries);
        for day in days {
            let name = format!("{package}-1.0-cp3{day}-abi3-manylinux_2_28_x86_64.whl");
            let file = FakeFile::new(&name, wheel.clone());
            let file = file.uploaded(&format!("2026-10-{day:02}T00:00:00Z"));
            self.index.publish(package, file);
        }
        wheel.len() as u64
    }

    fn asked(packages: &[&str]) -> Vec<LineRequest> {
        let of = |package: &&str| round::request(package, false);
        packages.iter().map(of).collect()
    }

    async fn look(&mut self, packages: &[&str]) -> CheckReport {
        let asked = Self::asked(packages);
        let progress: Arc<dyn Progress> = Arc::new(Silent);
        self.looks.look(&asked, &self.plan, &progress).await;
        self.judge(packages)
    }

    fn judge(&self, packages: &[&str]) -> CheckReport {
        judged(
            &Self::asked(packages),
            &self.looks,
            &self.known,
            self.plan.now,
        )
    }

    async fn until_over(&self, package: &str) {
        while self.looks.is_under_way(package) {
            tokio::task::yield_now().await;
        }
    }

    fn later(&mut self, by: TimeDelta) -> DateTime<Utc> {
        self.plan.now += by;
        self.plan.now
    }

    fn pages(&self, package: &str) -> usize {
        let path = format!("/simple/{package}/");
        let requests = self.index.requests();
        requests.iter().filter(|one| one.path == path).count()
    }
}

fn statuses(line: &LineReport) -> Vec<Status> {
    line.decision.wheels.iter().map(|one| one.status).collect()
}

/// The days of the wheels that were read, in the order in which they were.
fn read(watch: &Watch) -> Vec<String> {
    let requests = watch.index.file_requests();
    let mut days: Vec<String> = Vec::new();
    for request in requests {
        let (_, name) = request.path.rsplit_once('/').unwrap();
        let day = name
            .split("-cp3")
            .nth(1)
            .unwrap()
            .split('-')
            .next()
            .unwrap();
        if !days.iter().any(|known| known == day) {
            days.push(day.to_owned());
        }
    }
    days
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_whose_page_does_not_come_holds_up_nobody() {
    // Room for one project: the slow one has it first.
    let mut watch = Watch::of(Room::shared(1, 2, true)).await;
    for package in ["slow", "quick", "other"] {
        watch.publish(package, OLD, &[1]);
    }
    let held = watch.index.hold("/simple/slow/");
    let report = watch.look(&["slow", "quick", "other"]).await;
    let [slow, quick, other] = report.lines.as_slice() else {
        panic!("{report:#?}");
    };
    assert_eq!(statuses(quick), [Status::Vulnerable]);
    assert_eq!(statuses(other), [Status::Vulnerable]);
    assert!(slow.has(ReasonCode::LookTooSlow), "{slow:#?}");
    assert!(slow.decision.is_unclear && slow.decision.wheels.is_empty());
    assert!(slow.is_unfinished());
    let message = &slow.decision.reasons[0].message;
    assert!(message.contains("project-seconds (2)"), "{message}");
    // It is not looked at twice at once, and a later cycle takes in what it sees.
    watch.look(&["slow"]).await;
    assert_eq!(watch.pages("slow"), 1);
    held.let_go();
    watch.until_over("slow").await;
    let report = watch.judge(&["slow"]);
    assert_eq!(statuses(&report.lines[0]), [Status::Vulnerable]);
    assert!(!report.lines[0].is_unfinished());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_before_is_judged_while_a_page_does_not_come() {
    let mut watch = Watch::of(Room::shared(2, 2, true)).await;
    watch.publish("demo", NEW, &[1]);
    let report = watch.look(&["demo"]).await;
    assert!(!report.lines[0].decision.is_unclear);
    let held = watch.index.hold("/simple/demo/");
    watch.later(TimeDelta::minutes(15));
    let report = watch.look(&["demo"]).await;
    let line = &report.lines[0];
    assert_eq!(statuses(line), [Status::Current]);
    assert!(line.has(ReasonCode::LookTooSlow));
    assert!(line.decision.is_unclear, "never \"all is well\"");
    held.let_go();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wheel_that_does_not_come_holds_up_nobody() {
    // Room for two wheels; the slow project has half of it, and then none.
    let mut watch = Watch::of(Room::shared(4, 2, true)).await;
    watch.publish("slow", OLD, &[1, 2]);
    watch.publish("quick", OLD, &[1]);
    let path = "/files/slow/slow-1.0-cp32-abi3-manylinux_2_28_x86_64.whl";
    let held = watch.index.hold(path);
    let report = watch.look(&["slow", "quick"]).await;
    assert_eq!(statuses(&report.lines[1]), [Status::Vulnerable]);
    let slow = &report.lines[0];
    assert_eq!(statuses(slow), [Status::Unknown, Status::Unknown]);
    for wheel in &slow.decision.wheels {
        assert!(wheel.has(ReasonCode::NotReadYet), "{wheel:#?}");
    }
    assert!(
        !slow
            .decision
            .events
            .iter()
            .any(|event| event.as_str() == "unreadable")
    );
    held.let_go();
    watch.until_over("slow").await;
    let report = watch.judge(&["slow"]);
    assert_eq!(statuses(&report.lines[0]), [Status::Vulnerable; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn looks_that_take_long_and_have_no_room_beside_are_cut_short() {
    let mut watch = Watch::of(Room::shared(4, 1, true)).await;
    for package in ["first", "second"] {
        watch.publish(package, OLD, &[1]);
    }
    let held = ["first", "second"].map(|one| watch.index.hold(&format!("/simple/{one}/")));
    let report = watch.look(&["first", "second"]).await;
    for line in &report.lines {
        assert!(line.has(ReasonCode::LookTooSlow), "{line:#?}");
    }
    let under_way = ["first", "second"].map(|one| watch.looks.is_under_way(one));
    assert_eq!(under_way.iter().filter(|one| **one).count(), 1);
    held.iter().for_each(|held| held.let_go());
    for package in ["first", "second"] {
        watch.until_over(package).await;
    }
    let report = watch.look(&["first", "second"]).await;
    for line in &report.lines {
        assert_eq!(statuses(line), [Status::Vulnerable]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_scan_goes_on_where_it_stopped_newest_first() {
    let mut watch = Watch::of(Room::shared(4, 1, false)).await;
    let size = watch.publish("demo", OLD, &[1, 2, 3, 4, 5]);
    watch.plan.bytes = Some(size * 2);
    let unread = |line: &LineReport| {
        let wheels = line.decision.wheels.iter();
        wheels.filter(|one| one.has(ReasonCode::NotReadYet)).count()
    };
    let report = watch.look(&["demo"]).await;
    assert_eq!(unread(&report.lines[0]), 3);
    assert!(report.lines[0].decision.is_unclear && report.lines[0].is_unfinished());
    let message = format!("{:?}", report.lines[0].decision.wheels[0].reasons);
    assert!(message.contains("bytes-per-cycle"), "{message}");
    assert_eq!(read(&watch), ["5", "4"]);
    assert_eq!(unread(&watch.look(&["demo"]).await.lines[0]), 1);
    let report = watch.look(&["demo"]).await;
    assert_eq!(unread(&report.lines[0]), 0);
    assert!(!report.lines[0].is_unfinished());
    assert_eq!(read(&watch), ["5", "4", "3", "2", "1"]);
    let before = watch.index.file_requests().len();
    watch.look(&["demo"]).await;
    assert_eq!(
        watch.index.file_requests().len(),
        before,
        "nothing is read twice"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wheel_that_is_larger_than_a_cycle_may_receive_is_read_all_the_same() {
    let mut watch = Watch::of(Room::shared(4, 1, false)).await;
    watch.publish("demo", OLD, &[1, 2]);
    watch.plan.bytes = Some(1);
    for unread in [1, 0] {
        let report = watch.look(&["demo"]).await;
        let wheels = report.lines[0].decision.wheels.iter();
        let left = wheels.filter(|one| one.has(ReasonCode::NotReadYet)).count();
        assert_eq!(left, unread);
    }
}

/// One that fails again and again does not keep the others from the bytes of a cycle.
#[tokio::test(flavor = "multi_thread")]
async fn a_wheel_that_is_received_for_nothing_comes_last_and_less_and_less_often() {
    let mut watch = Watch::of(Room::shared(4, 1, false)).await;
    let size = watch.publish("demo", OLD, &[1, 2, 3, 4]);
    let name = "demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl";
    let bad = FakeFile::new(name, wheel_carrying(OLD)).wrong_hash();
    let bad = bad.uploaded("2026-10-09T00:00:00Z");
    watch.index.publish("demo", bad);
    watch.plan.bytes = Some(size * 2);
    let bad_requests = |watch: &Watch| {
        let requests = watch.index.file_requests();
        requests
            .iter()
            .filter(|one| one.path.contains("-cp39-"))
            .count()
    };
    watch.look(&["demo"]).await;
    assert_eq!(read(&watch), ["9", "4"]);
    let once = bad_requests(&watch);
    watch.later(TimeDelta::minutes(15));
    watch.look(&["demo"]).await;
    assert_eq!(read(&watch), ["9", "4", "3", "2"]);
    assert_eq!(bad_requests(&watch), once);
    for (minutes, times) in [(15, 2), (15, 2), (30, 2), (15, 3), (60, 3), (60, 4)] {
        watch.later(TimeDelta::minutes(minutes));
        let report = watch.look(&["demo"]).await;
        assert_eq!(
            bad_requests(&watch),
            times * once,
            "after {minutes} minutes"
        );
        let line = &report.lines[0];
        assert!(!line.is_unfinished() && line.decision.is_unclear);
        let wheels = line.decision.wheels.iter();
        let unreadable = wheels.filter(|one| one.has(ReasonCode::Unreadable));
        assert_eq!(unreadable.count(), 1);
    }
    assert_eq!(read(&watch), ["9", "4", "3", "2", "1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_is_asked_again_only_after_its_interval() {
    let mut watch = Watch::of(Room::shared(4, 2, false)).await;
    watch.publish("demo", OLD, &[1]);
    watch.plan.interval = TimeDelta::hours(1);
    for (minutes, pages) in [(0, 1), (15, 1), (30, 1), (15, 2), (15, 2)] {
        watch.later(TimeDelta::minutes(minutes));
        let report = watch.look(&["demo"]).await;
        assert_eq!(statuses(&report.lines[0]), [Status::Vulnerable]);
        assert_eq!(watch.pages("demo"), pages);
    }
    // A clock that was set back makes nothing fresh.
    watch.later(TimeDelta::days(-2));
    watch.look(&["demo"]).await;
    assert_eq!(watch.pages("demo"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_failed_is_asked_again_at_once() {
    let mut watch = Watch::of(Room::shared(4, 2, false)).await;
    watch.plan.interval = TimeDelta::hours(1);
    let report = watch.look(&["demo"]).await;
    assert!(report.lines[0].has(ReasonCode::UnknownPackage));
    watch.publish("demo", OLD, &[1]);
    let report = watch.look(&["demo"]).await;
    assert_eq!(statuses(&report.lines[0]), [Status::Vulnerable]);
    assert_eq!(watch.cycle.now, watch.plan.now);
}
