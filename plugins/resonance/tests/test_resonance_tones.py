"""The nine tones in messages as people write them to a mentor, in both languages."""

from __future__ import annotations

import pytest
from ion_resonance.analyzer import analyze

from ion_framework import Tone

ENGLISH = {
    Tone.FRUSTRATED: (
        "Fourth time this morning that the installer dies at ninety percent.",
        "I followed every step of the guide and it still refuses to start. I've had it.",
        "Support closed my ticket again without even reading it.",
        "Why does nobody ever test these releases before they ship them?",
        "I'm so fed up with this printer.",
        "A whole day lost to one stupid typo, and nobody told me the config had moved.",
    ),
    Tone.PLAYFUL: (
        "My code and I are on a break; it says it needs space, four of them.",
        "Haha, I told my rubber duck the plan and even the duck sighed.",
        "If bugs paid rent I could retire by Friday lol",
        "Bet you can't explain recursion without explaining recursion first 😜",
        "My cactus has survived three sprints, so it's officially the senior engineer now.",
        "Give me the silliest name for a goldfish that writes COBOL, just for fun!",
    ),
    Tone.ANXIOUS: (
        "What if the migration eats the customers' data and it's my fault?",
        "My review is on Thursday and I keep waking up at four.",
        "I'm terrified that they will find out I can't really program.",
        "I reread the email ten times before I sent it and now my stomach hurts.",
        "I'm worried that I'll freeze in front of the whole company.",
        "My hands shake every time I have to press deploy.",
    ),
    Tone.ANALYTICAL: (
        "Compare the memory use of both variants and tell me which assumption explains the gap.",
        "At 40 requests a second and two cents each, from which load on does caching pay off?",
        "Break the outage down: which of the three factors contributed most, on what evidence?",
        "What are the trade-offs between one repository and nine for a team of nine?",
        "Retention fell from 61 % to 48 % while sign-ups rose; is that causal or correlation?",
        "Weigh the two vendors by price, latency and lock-in.",
    ),
    Tone.CALM: (
        "I moved the notes into the shared folder this afternoon.",
        "The new desk arrived and everything fits.",
        "How do I rename a branch?",
        "Here is the summary of chapter two. There is no hurry.",
        "Please translate this paragraph into Korean.",
        "I have used this editor for two years and I'm happy with it.",
    ),
    Tone.CURIOUS: (
        "Why on earth do keyboards have a scroll lock key?",
        "The list comes out sorted although nobody sorts it; what is going on inside?",
        "I've always wanted to know how a compiler finds its own bugs.",
        "I wonder who decided that arrays begin at zero.",
        "Fascinating, so the moon slows the earth down? Tell me more.",
        "How did bats and radar engineers arrive at the same trick? I'm intrigued.",
    ),
    Tone.URGENT: (
        "The shop has been offline for ten minutes and orders bounce, what do I type now?",
        "I present in a quarter of an hour and the slides won't open.",
        "Need the rollback command right now, please.",
        "The certificate expires at noon, that's in twenty minutes.",
        "Quick, the disk is filling up as we speak!",
        "The client is on the line and I have to answer within five minutes.",
    ),
    Tone.CONFUSED: (
        "The guide says left, the video says right, and the tool has neither.",
        "I read it three times and still can't follow what a monad is supposed to be.",
        "Is it the client or the server that keeps the session? Everybody tells me otherwise.",
        "I don't understand why the same input gives two different results.",
        "I no longer know which of these five files is the real one.",
        "Wait, so is async parallel or not? I'm lost.",
    ),
    Tone.COLLABORATIVE: (
        "Shall we go through the outline together and each take a half?",
        "I can write the tests if you take the interface; does that work for you?",
        "Let's put our heads together on the naming.",
        "Two of us already have ideas, and I'd like to bring yours in as well.",
        "Could we pair on this module for an hour and swap roles halfway?",
        "I'd like to think this through with you: I say what I see, you say what I miss.",
    ),
}
KOREAN = {
    Tone.FRUSTRATED: (
        "오늘만 네 번째로 설치가 구십 퍼센트에서 멈췄어요.",
        "설명서대로 다 했는데도 여전히 안 켜져요. 이제 지칩니다.",
        "문의를 세 번이나 했는데 읽지도 않고 닫아 버리네요.",
        "도대체 왜 아무도 배포 전에 확인을 안 하는 겁니까?",
        "이 프린터 때문에 정말 짜증 나 죽겠어요.",
        "하루를 오타 하나 때문에 통째로 날렸어요. 진짜 열받네요.",
    ),
    Tone.PLAYFUL: (
        "제 코드가 저랑 헤어지재요 ㅋㅋㅋ 공백이 필요하대요",
        "버그가 월세를 냈으면 저는 벌써 건물주예요 ㅎㅎ",
        "고무 오리한테 설명했더니 오리도 한숨을 쉬던데요 ㅋㅋㅋㅋ",
        "우리 집 선인장이 저보다 야근을 오래 버텼으니 이제 선임이라고 불러야겠어요 ㅋㅋ",
        "재귀를 설명하려면 먼저 재귀를 설명해야 하는 거 아시죠? 히히",
        "코볼 짜는 금붕어한테 어울리는 제일 웃긴 이름 하나만 지어 줘요 ㅋㅋㅋ",
    ),
    Tone.ANXIOUS: (
        "혹시 데이터를 날려서 다 제 책임이 되면 어떡하죠?",
        "목요일이 평가인데 자꾸 새벽에 깨요.",
        "제가 실력이 없다는 걸 들킬까 봐 무서워요.",
        "메일을 열 번이나 다시 읽고 보냈는데 지금도 심장이 두근거려요.",
        "사람들 앞에서 말문이 막힐까 봐 걱정이에요.",
        "배포 버튼을 누를 때마다 손이 떨려요.",
    ),
    Tone.ANALYTICAL: (
        "두 방식의 메모리 사용량을 비교하고 차이가 어떤 가정에서 나오는지 따져 주세요.",
        "초당 요청이 40건이고 건당 비용이 30원이면 어느 부하부터 캐시가 이득인지 계산해 주세요.",
        "세 가지 요인 중 어느 것이 장애에 가장 크게 기여했는지 근거와 함께 분석해 주세요.",
        "아홉 명 팀을 기준으로 저장소를 하나로 둘 때와 나눌 때의 장단점을 비교해 보고 싶습니다.",
        "가입은 늘었는데 유지율은 61%에서 48%로 떨어졌습니다. 인과인지 상관인지 검토해 주세요.",
        "두 업체를 가격, 지연 시간, 종속성 기준으로 항목별로 평가해 주세요.",
    ),
    Tone.CALM: (
        "오후에 회의록을 공유 폴더로 옮겨 두었습니다.",
        "새 책상이 와서 자리 정리를 마쳤어요.",
        "브랜치 이름은 어떻게 바꾸나요?",
        "2장 요약입니다. 천천히 보셔도 괜찮습니다.",
        "이 문단을 영어로 번역해 주세요.",
        "이 편집기를 이 년째 쓰고 있는데 만족합니다.",
    ),
    Tone.CURIOUS: (
        "키보드에는 왜 아직도 스크롤락 키가 있는지 궁금해요.",
        "아무도 정렬하지 않는데 목록이 정렬돼 있던데, 안에서 무슨 일이 벌어지는 걸까요?",
        "컴파일러는 자기 버그를 어떻게 알아채는지 예전부터 알고 싶었어요.",
        "배열을 0부터 세자고 한 사람은 누구였을까요?",
        "달이 지구를 느리게 만든다니 신기하네요. 더 들려주세요.",
        "박쥐랑 레이더가 같은 원리라던데 정말 흥미로워요.",
    ),
    Tone.URGENT: (
        "쇼핑몰이 십 분째 내려가 있고 주문이 튕겨요, 지금 뭘 입력해야 하죠?",
        "십오 분 뒤에 발표인데 자료가 안 열려요.",
        "롤백 명령어 지금 당장 필요합니다.",
        "인증서가 정오에 만료돼요, 이십 분 남았어요.",
        "빨리요, 디스크가 지금 이 순간에도 차고 있어요!",
        "고객이 전화기 너머에서 기다려요. 오 분 안에 답해야 합니다.",
    ),
    Tone.CONFUSED: (
        "설명서에는 왼쪽이라는데 영상에는 오른쪽이고, 정작 화면에는 둘 다 없어요.",
        "세 번을 읽었는데도 모나드가 도대체 뭔지 따라가질 못하겠어요.",
        "세션을 클라이언트가 들고 있는 건지 서버가 들고 있는 건지, 사람마다 말이 달라요.",
        "같은 값을 넣었는데 결과가 왜 두 가지로 나오는지 이해가 안 돼요.",
        "파일 다섯 개 중에 어느 게 진짜인지 이제 모르겠어요.",
        "비동기면 병렬인 거예요, 아닌 거예요? 갈피를 못 잡겠어요.",
    ),
    Tone.COLLABORATIVE: (
        "목차를 같이 보면서 절반씩 맡아 볼까요?",
        "제가 테스트를 쓸 테니 인터페이스는 맡아 주실래요?",
        "이름 짓는 건 우리 머리를 맞대고 정해 봐요.",
        "저희 둘이 낸 아이디어에 선생님 생각도 보태서 함께 다듬고 싶어요.",
        "한 시간만 짝 프로그래밍으로 번갈아 가며 해 보면 어떨까요?",
        "같이 생각을 정리해 봐요. 제가 본 걸 말하면 놓친 걸 짚어 주세요.",
    ),
}


@pytest.mark.parametrize("messages", [ENGLISH, KOREAN], ids=["en", "ko"])
@pytest.mark.parametrize("tone", Tone)
def test_messages_in_a_clear_tone_are_read_in_that_tone(tone, messages):
    """Of six messages in one tone at least five are read in it; one may be borderline."""
    read = {text: analyze(text, source="r").tone.primary for text in messages[tone]}
    wrong = {text: found.value for text, found in read.items() if found != tone}

    assert len(read) == 6
    assert len(wrong) <= 1, wrong


def test_tears_join_the_word_that_stands_beside_them():
    """ㅠㅠ is worry beside a word of fear, and annoyance beside one of annoyance."""
    assert analyze("너무 무서워요 ㅠㅠ", source="r").tone.primary == Tone.ANXIOUS
    assert analyze("너무 짜증나요 ㅠㅠ", source="r").tone.primary == Tone.FRUSTRATED


def test_exclamation_marks_make_a_word_of_haste_no_quieter():
    """Repeated exclamation marks do not take from the probability of urgent."""
    plain, loud = analyze("빨리요, 당장", source="r"), analyze("빨리요, 당장!!!", source="r")

    assert plain.tone.primary == loud.tone.primary == Tone.URGENT
    assert plain.tone.confidence <= loud.tone.confidence


def test_english_cues_count_inside_korean_text():
    """Korean engineers write ASAP and deadline between Korean words."""
    assert analyze("이 PR 리뷰 ASAP 부탁해요", source="r").tone.primary == Tone.URGENT
