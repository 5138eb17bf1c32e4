use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::cycle::soon::{Flux, Soon};
use crate::model::Releases;
use crate::report::CheckReport;
use crate::schedule::Schedule;

use super::*;

/// A clock that goes on as tokio's does, and can be set.
#[derive(Clone)]
struct Wall {
    began: tokio::time::Instant,
    set: Arc<Mutex<DateTime<Utc>>>,
}

impl Wall {
    fn at(moment: &str) -> Self {
        Self {
            began: tokio::time::Instant::now(),
            set: Arc::new(Mutex::new(moment.parse().unwrap())),
        }
    }

    fn now(&self) -> DateTime<Utc> {
        *self.set.lock().unwrap() + TimeDelta::from_std(self.began.elapsed()).unwrap()
    }

    fn jump(&self, by: TimeDelta) {
        *self.set.lock().unwrap() += by;
    }

    fn clock(&self) -> Clock {
        let wall = self.clone();
        Arc::new(move || wall.now())
    }
}

type Work = Box<dyn FnMut(usize) -> Duration + Send>;

/// Notes when cycles begin, and takes as long as it is told; the last one stops the daemon.
struct Noting {
    began: Vec<String>,
    lasts: Work,
    most: usize,
    stop: mpsc::Sender<Signal>,
    acts: bool,
    finished: Arc<Mutex<usize>>,
    /// What is in flux after the cycle with this number.
    flux: Box<dyn Fn(usize) -> Soon + Send>,
    /// When the file changes, by the clock, and what is then taken.
    changes: Vec<(DateTime<Utc>, Result<Timing, CycleError>)>,
    clock: Clock,
    notices: usize,
}

impl Engine for Noting {
    async fn cycle(
        &mut self,
        due: &Due,
        now: DateTime<Utc>,
        pulse: Arc<Pulse>,
        stop: CancellationToken,
    ) -> Result<FinishedCycle, CycleError> {
        let packages: Vec<&str> = due.packages.iter().map(String::as_str).collect();
        let facts = if due.facts { " facts" } else { "" };
        let began = now.format("%d %H:%M");
        self.began
            .push(format!("{began} {}{facts}", packages.join("+")));
        if self.acts {
            pulse.acts();
        }
        let number = self.began.len();
        let length = (self.lasts)(number);
        if number >= self.most {
            self.stop.send(Signal::Stop).await.unwrap();
        }
        tokio::time::sleep(length).await;
        *self.finished.lock().unwrap() += 1;
        assert!(number < self.most || self.acts == stop.is_cancelled());
        let report = CheckReport {
            checked_at: now,
            dry_run: true,
            feeds: Vec::new(),
            lines: Vec::new(),
        };
        Ok(FinishedCycle {
            soon: (self.flux)(number),
            ..FinishedCycle::of(report, Releases::new(Vec::new()), now)
        })
    }

    fn handed_on(&mut self, _: &Arc<FinishedCycle>) {
        self.notices += 1;
    }

    fn reload(&mut self) -> Result<Timing, CycleError> {
        self.changes.remove(0).1
    }

    fn is_changed(&mut self) -> bool {
        let now = (self.clock)();
        self.changes.first().is_some_and(|(at, _)| *at <= now)
    }
}

fn timing(projects: &[(&str, &str)], hot_minutes: Option<i64>) -> Timing {
    let of = |(package, schedule): &(&str, &str)| {
        let schedule = Schedule::parse(schedule, "UTC").unwrap();
        ((*package).to_owned(), Arc::new(schedule))
    };
    Timing {
        projects: projects.iter().map(of).collect(),
        jitter: TimeDelta::zero(),
        key: "test".to_owned(),
        hot_interval: hot_minutes.map(TimeDelta::minutes),
    }
}

/// A daemon that runs so many cycles.
struct Course {
    engine: Noting,
    signals: mpsc::Receiver<Signal>,
    wall: Wall,
    timing: Timing,
}

impl Course {
    fn of(wall: &Wall, timing: Timing, most: usize) -> Self {
        let (stop, signals) = mpsc::channel(8);
        Self {
            engine: Noting {
                began: Vec::new(),
                lasts: Box::new(|_| Duration::from_secs(1)),
                most,
                stop,
                acts: true,
                finished: Arc::new(Mutex::new(0)),
                flux: Box::new(|_| Soon::default()),
                changes: Vec::new(),
                clock: wall.clock(),
                notices: 0,
            },
            signals,
            wall: wall.clone(),
            timing,
        }
    }

    fn lasting(mut self, lasts: impl FnMut(usize) -> Duration + Send + 'static) -> Self {
        self.engine.lasts = Box::new(lasts);
        self
    }

    fn in_flux(mut self, flux: impl Fn(usize) -> Soon + Send + 'static) -> Self {
        self.engine.flux = Box::new(flux);
        self
    }

    /// When the cycles began, and how many came to their end.
    async fn run(mut self) -> (Vec<String>, usize) {
        let calls = Calls {
            signals: self.signals,
            wake: Arc::new(Notify::new()),
        };
        let board = Board::new(self.wall.now());
        let clock = self.wall.clock();
        let pulse = Arc::new(Pulse::new());
        run(&mut self.engine, self.timing, &board, calls, &clock, pulse).await;
        let finished = *self.engine.finished.lock().unwrap();
        assert_eq!(
            self.engine.notices, finished,
            "each cycle is handed on once"
        );
        (self.engine.began, finished)
    }
}

/// The cycles of one project with this schedule, each as long as it is told.
async fn ran(
    wall: &Wall,
    schedule: &str,
    most: usize,
    acts: bool,
    lasts: impl FnMut(usize) -> Duration + Send + 'static,
) -> (Vec<String>, usize) {
    let timing = timing(&[("a", schedule)], None);
    let mut course = Course::of(wall, timing, most).lasting(lasts);
    course.engine.acts = acts;
    course.run().await
}

#[tokio::test(start_paused = true)]
async fn the_first_cycle_is_at_once_and_the_next_ones_come_by_the_schedule() {
    let wall = Wall::at("2026-11-27T10:07:30Z");
    let (began, finished) = ran(&wall, "*/15 * * * *", 4, true, |_| Duration::from_secs(1)).await;
    assert_eq!(
        began,
        ["27 10:07 a", "27 10:15 a", "27 10:30 a", "27 10:45 a"]
    );
    assert_eq!(finished, 4);
}

#[tokio::test(start_paused = true)]
async fn ticks_that_fall_into_a_long_cycle_are_made_up_for_by_one() {
    let wall = Wall::at("2026-11-27T10:00:00Z");
    let (began, _) = ran(&wall, "*/15 * * * *", 4, true, |count| {
        Duration::from_secs(if count == 2 { 50 * 60 } else { 1 })
    })
    .await;
    assert_eq!(
        began,
        ["27 10:00 a", "27 10:15 a", "27 11:05 a", "27 11:15 a"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_slept_makes_up_for_it_by_one_cycle() {
    let wall = Wall::at("2026-11-27T10:00:00Z");
    let sleeper = wall.clone();
    let (began, _) = ran(&wall, "0 * * * *", 4, true, move |count| {
        if count == 1 {
            sleeper.jump(TimeDelta::hours(30));
        }
        Duration::from_secs(1)
    })
    .await;
    assert_eq!(
        began,
        ["27 10:00 a", "28 16:00 a", "28 17:00 a", "28 18:00 a"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_does_not_stop_the_cycles() {
    let wall = Wall::at("2026-11-27T10:00:00Z");
    let set_back = wall.clone();
    let (began, _) = ran(&wall, "0 * * * *", 3, true, move |count| {
        if count == 1 {
            set_back.jump(TimeDelta::days(-2));
        }
        Duration::from_secs(1)
    })
    .await;
    assert_eq!(began, ["27 10:00 a", "25 11:00 a", "25 12:00 a"]);
}

#[tokio::test(start_paused = true)]
async fn a_cycle_that_only_looks_is_cut_short_at_once() {
    let wall = Wall::at("2026-11-27T10:00:00Z");
    let before = wall.now();
    let (_, finished) = ran(&wall, "0 * * * *", 1, false, |_| Duration::from_secs(3600)).await;
    assert_eq!(finished, 0);
    assert!(wall.now() - before < TimeDelta::seconds(1));
}

#[tokio::test(start_paused = true)]
async fn a_cycle_that_acts_may_finish_its_write_but_not_for_ever() {
    let wall = Wall::at("2026-11-27T10:00:00Z");
    let (_, finished) = ran(&wall, "0 * * * *", 1, true, |_| Duration::from_secs(7)).await;
    assert_eq!(finished, 1);
    let before = wall.now();
    let (_, finished) = ran(&wall, "0 * * * *", 1, true, |_| Duration::from_secs(3600)).await;
    assert_eq!(finished, 0);
    assert!(wall.now() - before < TimeDelta::seconds(10));
}

#[tokio::test(start_paused = true)]
async fn each_project_is_looked_at_by_its_own_schedule() {
    let wall = Wall::at("2026-11-27T10:05:00Z");
    let timing = timing(&[("a", "*/20 * * * *"), ("b", "30 * * * *")], None);
    let (began, _) = Course::of(&wall, timing, 5).run().await;
    assert_eq!(
        began,
        [
            "27 10:05 a+b",
            "27 10:20 a",
            "27 10:30 b",
            "27 10:40 a",
            "27 11:00 a"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn while_something_is_in_flux_the_cycle_comes_sooner() {
    let wall = Wall::at("2026-11-27T10:00:00Z");
    let timing = timing(&[("a", "0 * * * *"), ("b", "0 * * * *")], Some(10));
    let course = Course::of(&wall, timing, 6).in_flux(|number| match number {
        1 => Soon {
            projects: BTreeMap::from([("b".to_owned(), Flux::OpenRuns)]),
            release: None,
        },
        2 | 3 => Soon {
            projects: BTreeMap::new(),
            release: Some("3.5.10".parse().unwrap()),
        },
        _ => Soon::default(),
    });
    let (began, _) = course.run().await;
    assert_eq!(
        began,
        [
            "27 10:00 a+b",
            "27 10:10 b",
            "27 10:20  facts",
            "27 10:30  facts",
            "27 11:00 a+b",
            "27 12:00 a+b"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_changed_file_is_taken_within_the_nap_and_a_bad_one_is_refused() {
    let wall = Wall::at("2026-11-27T10:00:00Z");
    let daily = timing(&[("a", "0 6 * * *")], None);
    let mut course = Course::of(&wall, daily, 3);
    let hourly = timing(&[("a", "0 * * * *")], None);
    let refused = CycleError("it is no TOML".to_owned());
    let at = |time: &str| time.parse().unwrap();
    course.engine.changes = vec![
        (at("2026-11-27T10:10:00Z"), Err(refused)),
        (at("2026-11-27T10:20:00Z"), Ok(hourly)),
    ];
    let (began, _) = course.run().await;
    assert_eq!(began, ["27 10:00 a", "27 10:20 a", "27 11:00 a"]);
}
