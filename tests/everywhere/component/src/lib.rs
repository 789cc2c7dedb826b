//! A component: its host asks for the next question, and synchronous code waits for the answer.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

wit_bindgen::generate!({ world: "program", path: "wit" });

use self::bysyncify::everywhere::console::log;
use self::exports::bysyncify::everywhere::questions::{Guest, GuestQuestionnaire, Step};
use ::bysyncify::{Coroutine, embed};

/// Where a question waits for its answer.
#[derive(Default)]
struct Desk {
    question: Option<String>,
    answer: Option<String>,
}

type SharedDesk = Rc<RefCell<Desk>>;

/// Asks the host, whoever has called this and however deep down.
fn ask(desk: &SharedDesk, question: String) -> String {
    log(&format!("asks: {question}"));
    desk.borrow_mut().question = Some(question);
    embed(poll_fn(|_| match desk.borrow_mut().answer.take() {
        Some(answer) => Poll::Ready(answer),
        None => Poll::Pending,
    }))
}

/// Asks of each topic, in a frame of its own, and then of the answer.
fn ask_all(desk: &SharedDesk, topics: &[String]) -> Vec<String> {
    let Some((topic, others)) = topics.split_first() else { return Vec::new() };
    let first = ask(desk, format!("what of {topic}?"));
    let mut answers = ask_all(desk, others);
    let why = ask(desk, format!("why {first}?"));
    answers.push(format!("{topic} is {first}, for {why}"));
    answers
}

struct Questionnaire {
    desk: SharedDesk,
    asking: RefCell<Pin<Box<dyn Future<Output = Vec<String>>>>>,
}

impl GuestQuestionnaire for Questionnaire {
    fn new(topics: Vec<String>) -> Self {
        let desk = SharedDesk::default();
        let inside = desk.clone();
        let asking = Coroutine::new(64 * 1024, move |_| ask_all(&inside, &topics));
        Self { desk, asking: RefCell::new(Box::pin(asking)) }
    }

    fn go_on(&self, answer: Option<String>) -> Step {
        self.desk.borrow_mut().answer = answer;
        let mut context = Context::from_waker(Waker::noop());
        match self.asking.borrow_mut().as_mut().poll(&mut context) {
            Poll::Ready(answers) => Step::Done(answers),
            Poll::Pending => {
                let question = self.desk.borrow_mut().question.take();
                Step::Asks(question.expect("it waits for nothing else"))
            }
        }
    }
}

struct Component;

impl Guest for Component {
    type Questionnaire = Questionnaire;
}

export!(Component);
